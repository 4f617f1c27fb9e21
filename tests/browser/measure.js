/* What is wrong with the slide that the page shows: a list of sentences. Evaluated in the page by test_lecture.py. */
() => {
    const wrong = [], H = Math.min(innerHeight, innerWidth * 9 / 16);
    const root = document.querySelector(".optim-root");
    const name = e => `${e.tagName.toLowerCase()}.${[...e.classList].join(".")} “${e.textContent.trim().slice(0, 30)}”`;
    const seen = e => {
        const box = e.getBoundingClientRect(), style = getComputedStyle(e);
        return box.width > 0 && box.height > 0 && style.visibility === "visible" && +style.opacity > 0
            && !e.closest(".optim-spoken, .MJX_Assistive_MathML, mjx-assistive-mml");
    };
    const cells = [...root.querySelectorAll(".jp-Cell.optim-here")];
    if (!cells.length) wrong.push("no cell is on the slide");
    if (root.scrollHeight > innerHeight + 1 || root.scrollWidth > innerWidth + 1) wrong.push("the slide scrolls");
    if (document.scrollingElement.scrollHeight > innerHeight + 1) wrong.push("the page scrolls");

    // nothing is cut off by the window, and no words by what holds them
    const leaves = [...cells, document.querySelector(".optim-head")].flatMap(c => [...c.querySelectorAll("*")])
        .filter(e => seen(e) && (e.tagName === "svg" || e.tagName === "mjx-math" ||
            [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && !e.closest("svg, mjx-container, option")));
    for (const e of leaves) {
        const box = e.getBoundingClientRect();
        if (box.left < -1 || box.top < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1) {
            wrong.push(`cut off by the window: ${name(e)}`);
        }
        if (!e.closest("svg") && e.tagName !== "mjx-math" && e.scrollWidth > e.clientWidth + 2 && e.clientWidth > 0
            && getComputedStyle(e).overflow !== "visible") wrong.push(`its words are cut off: ${name(e)}`);
    }

    // nothing lies on something else: words, fields, sliders, the picture
    const things = [...leaves.filter(e => e.tagName !== "svg"),
        ...cells.flatMap(c => [...c.querySelectorAll(".optim-layers, select, .noUi-target, input")]).filter(seen)];
    const inside = (a, b) => a.contains(b) || b.contains(a);
    for (let i = 0; i < things.length; i++) for (let k = i + 1; k < things.length; k++) {
        if (inside(things[i], things[k]) || things[i].closest(".noUi-target") && things[k].closest(".noUi-target")) continue;
        const rects = e => e.closest("p, li, h1, h2, h3, pre, td") && e.children.length === 0 && getComputedStyle(e).display === "inline"
            ? [...e.getClientRects()] : [e.getBoundingClientRect()];
        const hit = rects(things[i]).some(a => rects(things[k]).some(b =>
            Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.3 * Math.min(a.height, b.height)));
        if (hit) wrong.push(`${name(things[i])} lies on ${name(things[k])}`);
    }

    // of a part of a paragraph all words are there
    const letters = text => text.replace(/[^\p{L}\p{N}]/gu, "");
    const {slides, at} = optimLecture, all = optimLecture.cells();
    for (const part of slides[at].parts) for (const one of (part.blocks ?? []).filter(one => one.from)) {
        const shown = letters(all[part.cell].querySelector(".jp-MarkdownOutput").children[one.block].innerText);
        for (const words of [one.from, one.to]) {
            if (!shown.includes(letters(words))) wrong.push(`not shown: “${words}”`);
        }
    }

    // seen from the last row
    const size = e => parseFloat(getComputedStyle(e).fontSize) / H * 100;
    for (const e of leaves.filter(e => e.tagName !== "svg" && !e.closest("mjx-container"))) {
        const least = e.closest(".optim-live") ? 2.2 : 2.6;
        if (size(e) < least) wrong.push(`letters of ${size(e).toFixed(2)} % of the height, not ${least} %: ${name(e)}`);
    }
    for (const picture of cells.flatMap(c => [...c.querySelectorAll(".optim-layers")]).filter(seen)) {
        const native = parseFloat(getComputedStyle(picture).aspectRatio);
        const scale = picture.getBoundingClientRect().width / native;
        const least = picture.closest(".optim-large-letters") ? 10 : 9;  // points
        const smallest = least / 72 * 100 * scale / H * 100;
        if (smallest < 2) wrong.push(`the smallest letters in the figure have ${smallest.toFixed(2)} % of the height, not 2 %`);
    }
    for (const handle of cells.flatMap(c => [...c.querySelectorAll(".noUi-handle")]).filter(seen)) {
        const box = handle.getBoundingClientRect();
        if (Math.min(box.width, box.height) < 24 * Math.min(1, H / 1080) - 0.5) wrong.push(`a handle of ${box.width}×${box.height}`);
    }
    for (const slider of cells.flatMap(c => [...c.querySelectorAll(".noUi-target")]).filter(seen)) {
        if (slider.getBoundingClientRect().width < 0.06 * innerWidth) wrong.push("a slider is shorter than 6 % of the window");
    }
    return [...new Set(wrong)];
}
