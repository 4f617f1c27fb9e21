// The picture that moves: gradient descent and momentum (the heavy ball) on L(x, y) = (0.4 x² + 10 y²) / 2, computed here.
"use strict";
{
  const FLAT = 0.4, STEEP = 10, START = [-4.2, 1], STEPS = 60;
  const WIDE = 9, HIGH = 4, LEFT = 5.2;  // the window, and where in it the minimum stands
  const canvas = document.getElementById("descent"), pen = canvas.getContext("2d");
  const eta = document.getElementById("eta"), mu = document.getElementById("mu"), says = document.getElementById("descent-says");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const path = (rate, memory) => {
    const points = [START];
    let [x, y] = START, u = 0, v = 0;
    for (let t = 0; t < STEPS; t++) {
      u = memory * u - rate * FLAT * x;
      v = memory * v - rate * STEEP * y;
      points.push([x += u, y += v]);
    }
    return points;
  };
  const loss = ([x, y]) => (FLAT * x * x + STEEP * y * y) / 2;
  const settled = points => {  // the first step from which on the loss stays below a thousandth of the first one
    const limit = loss(START) / 1000;
    for (let t = points.length - 1; t >= 0; t--) if (!(loss(points[t]) < limit)) return t + 1;
    return 0;
  };
  const words = (name, points) => {
    const t = settled(points), last = loss(points[STEPS]);
    if (t <= STEPS) return name + ": a thousandth of the loss after " + t + " steps";
    if (last > loss(START)) return name + ": farther off after " + STEPS + " steps than at the start";
    return name + ": not there after " + STEPS + " steps";
  };

  let runs, moment = 0;
  const compute = () => {
    const rate = Number(eta.value), memory = Number(mu.value);
    document.getElementById("eta-says").textContent = rate.toFixed(3);
    document.getElementById("mu-says").textContent = memory.toFixed(2);
    const colors = getComputedStyle(canvas.parentElement);
    runs = [["Gradient descent", path(rate, 0), colors.getPropertyValue("--descent"), []],
      ["Momentum", path(rate, memory), colors.getPropertyValue("--momentum"), [9, 4]]];
    says.textContent = runs.map(([name, points]) => words(name, points)).join(". ") + ".";
    moment = still ? STEPS : 0;
    draw();
  };

  const draw = () => {
    const scale = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const unit = width / WIDE, X = x => (x + LEFT) * unit, Y = y => (HIGH / 2 - y) * unit;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.strokeStyle = "#8b949e77";
    pen.setLineDash([]);
    pen.lineWidth = 1;
    for (let level = 0.125; level < 40; level *= 2) {
      pen.beginPath();
      pen.ellipse(X(0), Y(0), Math.sqrt(2 * level / FLAT) * unit, Math.sqrt(2 * level / STEEP) * unit, 0, 0, 2 * Math.PI);
      pen.stroke();
    }
    for (const [i, [, points, color, dash]] of runs.entries()) {
      const whole = Math.floor(moment), part = moment - whole;
      const shown = points.slice(0, whole + 1).map(([x, y]) => [X(x), Y(y)]);
      if (whole < STEPS) {
        const [a, b] = [points[whole], points[whole + 1]];
        shown.push([X(a[0] + part * (b[0] - a[0])), Y(a[1] + part * (b[1] - a[1]))]);
      }
      pen.strokeStyle = pen.fillStyle = color;
      pen.lineWidth = 2.5;
      pen.setLineDash(dash);
      pen.beginPath();
      shown.forEach(([x, y], t) => t ? pen.lineTo(x, y) : pen.moveTo(x, y));
      pen.stroke();
      pen.setLineDash([]);
      const [x, y] = shown.at(-1);
      pen.beginPath();  // a disc and a square, as in the chapters: colour is not the only sign
      if (i) pen.rect(x - 6, y - 6, 12, 12); else pen.arc(x, y, 7, 0, 2 * Math.PI);
      pen.fill();
      pen.font = "600 " + (width < 600 ? 12 : 15) + "px system-ui, sans-serif";
      pen.textAlign = "right";  // the runs start on the left
      pen.fillRect(width - 36, 15 + 20 * i, 22, 4);
      pen.fillText(runs[i][0], width - 44, 22 + 20 * i);
    }
  };

  let before = 0;
  const frame = now => {
    if (before) moment = Math.min(moment + (now - before) / 130, STEPS + 12);
    before = now;
    if (moment >= STEPS + 12) moment = 0;  // a while at the end, then again
    const end = moment;
    moment = Math.min(moment, STEPS);
    draw();
    moment = end;
    requestAnimationFrame(frame);
  };

  for (const input of [eta, mu]) input.addEventListener("input", compute);
  addEventListener("resize", draw);
  compute();
  if (!still) requestAnimationFrame(frame);
}
