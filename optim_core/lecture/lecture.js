/* A notebook as slides, and back: for every page whose cells are .jp-Cell (JupyterLab, Notebook 7, Voila, JupyterLite).

   Cells are shown and hidden, never moved or copied: a figure keeps its state, and what Jupyter knows of its page stays
   true. The slides come as JSON beside this script: see optim_core/lecture/stage.py. */

(() => {
"use strict";

const here = [...document.querySelectorAll(".optim-lecture-data")].pop();
const told = JSON.parse(here.dataset.lecture);
const own = here.closest(".jp-Cell");  // the cell that called: no part of the lecture
const root = document.getElementById("rendered_cells") || here.closest(".jp-Notebook");  // Voila's, or Jupyter's
const body = document.body;
const slides = told.slides;
const voila = () => body.dataset.voila === "voila";
const hands = new Map();  // an answer's element -> how many hands
let at = 0, running = false, cells = [], figureOn = null, notes = null, began = 0, marked = [];

const make = (name, attributes = {}, ...inside) => {
    const one = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
        if (key.startsWith("on")) one.addEventListener(key.slice(2), value);
        else one.setAttribute(key, value);
    }
    one.append(...inside);
    return one;
};
const letters = text => text.replace(/[^\p{L}\p{N}]/gu, "");

/* ---- which cell of the page is which cell of the notebook --------------------------------------------------------- */

function findCells() {
    const there = [...root.querySelectorAll(".jp-Cell")].filter(cell => cell !== own);
    const found = [];
    let next = 0;
    told.outline.forEach((kind, number) => {
        if (kind === "code") {
            if (there[next]?.classList.contains("jp-CodeCell")) found[number] = there[next++];
            return;
        }
        const is = cell => cell.classList.contains("jp-MarkdownCell") &&
            letters(cell.querySelector(".jp-MarkdownOutput")?.textContent ?? "").startsWith(kind.slice(0, 12));
        const place = there.findIndex((cell, k) => k >= next && is(cell));
        if (place >= 0) { found[number] = there[place]; next = place + 1; }
    });
    return found;
}

/* ---- what of a cell is shown ------------------------------------------------------------------------------------- */

function unhide(element) {
    element.querySelectorAll(".optim-dots").forEach(one => one.remove());
    element.querySelectorAll(".optim-cut").forEach(cut => cut.replaceWith(...cut.childNodes));
    element.querySelectorAll(".optim-off").forEach(one => one.classList.remove("optim-off"));
    element.normalize();
}

/* Of a paragraph show the parts that begin with the words `from` and end with the words `to`, with dots between them,
   and where they begin or end inside a sentence.
   Compared are letters and digits alone: how a formula is set changes none of the words around it. */
function cut(block, parts) {
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, node =>
        node.nodeType === 3 || isFormula(node) ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP);
    const stream = [];  // the characters of the block, and its formulas, in order: {node, letter}
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (isFormula(node)) stream.push({node, letter: ""});
        else if (!node.parentElement.closest("mjx-container")) {
            for (const letter of node.data) stream.push({node, letter});
        }
    }
    const counting = stream.map((_, k) => k).filter(k => letters(stream[k].letter));
    const all = counting.map(k => stream[k].letter).join("");
    const ranges = [];
    for (const {from, to} of parts) {
        const begin = all.indexOf(letters(from));
        const end = all.indexOf(letters(to), begin + letters(from).length) + letters(to).length;
        if (begin < 0 || end < letters(to).length) continue;
        let first = counting[begin], last = counting[end - 1];
        for (const sign of to.replace(/[*`]/g, "").match(/[^\p{L}\p{N}]*$/u)[0]) {  // the full stop belongs to it
            if (stream[last + 1]?.letter === sign) last++;
        }
        const before = k => stream[first - k]?.letter ?? "";
        while (/[(“"‘«|★●]/.test(before(1)) || /[★●] /.test(before(2) + before(1))) first--;
        ranges.push({first, last});
    }
    if (!ranges.length) return;
    const final = Math.max(...ranges.map(one => one.last));
    const more = counting.some(k => k > final) && !/[.?!:]/.test(stream.slice(final - 1, final + 1).map(one => one.letter));
    const gaps = new Set(ranges.map(one => one.last).filter(last => last !== final || more));  // dots come after these
    const first = Math.min(...ranges.map(one => one.first));
    const inside = /\p{Ll}/u.test(stream[first].letter) && counting[0] < first;  // and before this one
    const nodes = new Map();  // node -> which of its characters stay
    stream.forEach(({node, letter}, k) => {
        if (!nodes.has(node)) nodes.set(node, []);
        const stays = ranges.some(one => k >= one.first && k <= one.last);
        nodes.get(node).push({letter, stays, dots: gaps.has(k), begins: inside && k === first});
    });
    for (const [node, characters] of nodes) {
        if (isFormula(node)) {
            node.classList.toggle("optim-off", !characters[0].stays);
        } else if (characters.some(one => !one.stays || one.dots || one.begins)) {
            const pieces = [];
            for (const {letter, stays, dots, begins} of characters) {
                if (begins) pieces.push({dots: begins});
                if (pieces.at(-1)?.stays !== stays) pieces.push({stays, text: ""});
                pieces.at(-1).text += letter;
                if (dots) pieces.push({dots});
            }
            node.replaceWith(...pieces.map(({stays, text, dots}) => dots ? make("span", {class: "optim-dots"}, " … ")
                : stays ? text : make("span", {class: "optim-cut"}, text)));
        }
    }
}

const isFormula = node => node.nodeType === 1 && node.tagName.toLowerCase() === "mjx-container";

function showPart(cell, part) {
    if (part.blocks) {
        const blocks = [...cell.querySelector(".jp-MarkdownOutput").children].filter(one => one.tagName !== "STYLE");
        blocks.forEach((block, number) => {
            const wanted = part.blocks.filter(one => one.block === number);
            block.classList.toggle("optim-off", !wanted.length);
            const chosen = wanted.filter(one => "item" in one).map(one => one.item);
            if (chosen.length) [...block.children].forEach((item, k) =>
                item.classList.toggle("optim-off", !chosen.includes(k)));
            block.classList.toggle("optim-alone", chosen.length === 1);  // then it needs no number
            for (const item of new Set(wanted.filter(one => one.from).map(one => one.item))) {
                cut(item === undefined ? block : block.children[item], wanted.filter(one => one.from && one.item === item));
            }
        });
    }
    const outputs = [...cell.querySelectorAll(".jp-OutputArea-child")];
    const figures = outputs.some(one => one.querySelector(".optim-live"));
    outputs.forEach((output, k) => {  // a cell with a figure may print as well: the code that runs, a table
        const stays = part.outputs ? part.outputs.includes(k + 1) : !figures || output.querySelector(".optim-live");
        output.classList.toggle("optim-off", !stays);
    });
}

/* ---- one slide --------------------------------------------------------------------------------------------------- */

function show(number) {
    at = Math.max(0, Math.min(slides.length - 1, number));
    const slide = slides[at];
    if (cells.some(cell => cell && !cell.isConnected) || !cells.length) cells = findCells();
    body.classList.remove("optim-code", "optim-overview");
    for (const cell of cells.filter(Boolean)) {
        cell.classList.remove("optim-here");
        unhideWords(cell);
    }
    for (const part of slide.parts) {
        const cell = cells[part.cell];
        if (!cell) continue;
        cell.classList.add("optim-here");
        showPart(cell, part);
    }
    const shown = slide.parts.map(part => cells[part.cell]).filter(Boolean);
    figureOn = shown.map(cell => [...cell.querySelectorAll(".optim-live")].find(one => !one.closest(".optim-off")))
        .find(Boolean) ?? null;
    root.classList.toggle("optim-with-figure", Boolean(figureOn));
    body.classList.toggle("optim-words-only", !figureOn);
    titleOf.textContent = slide.title;
    counter.textContent = `${at + 1} / ${slides.length}`;
    shown.forEach(addHands);
    if (document.activeElement?.closest?.(".jp-Cell") && !document.activeElement.closest(".optim-here")) {
        document.activeElement.blur();
    }
    window.scrollTo(0, 0);
    watch(shown);
    fit();
    tellNotes();
}

function unhideWords(cell) {
    const words = cell.querySelector(".jp-MarkdownOutput");
    if (words) unhide(words);
    cell.querySelectorAll(".jp-OutputArea-child.optim-off").forEach(one => one.classList.remove("optim-off"));
}

/* ---- sizes: words as large as fit, the figure as large as is left ------------------------------------------------ */

const unit = () => Math.min(innerHeight / 100, innerWidth * 9 / 1600);  // a hundredth of the height of a 16:9 window
const LARGEST = 5.2, SMALLEST = 2.65, BESIDE_FIGURE = 2.65;  // of the words, in these units

function fit() {
    if (!running) return;
    const u = unit(), style = root.style;
    style.setProperty("--u", `${u}px`);
    body.style.setProperty("--u", `${u}px`);
    const around = getComputedStyle(root);
    const room = () => innerHeight - parseFloat(around.paddingTop) - Math.max(1.2 * u, parseFloat(around.paddingBottom));
    const height = () => [...root.querySelectorAll(".jp-Cell.optim-here")]
        .reduce((sum, cell) => sum + cell.getBoundingClientRect().height, 0);
    if (figureOn) {
        style.setProperty("--words", `${BESIDE_FIGURE * u}px`);
        const picture = figureOn.querySelector(".optim-layers");
        const [a, b] = getComputedStyle(picture).aspectRatio.split("/").map(Number);
        const wanted = 2 * u * a / ((figureOn.classList.contains("optim-large-letters") ? 10 : 9) * 100 / 72);
        for (const tight of [false, true]) {  // with less air around it, if its letters would be too small
            root.classList.toggle("optim-tight", tight);
            body.classList.toggle("optim-tight", tight);
            picture.style.setProperty("width", "0px", "important");
            const width = Math.max(50, Math.min(figureOn.clientWidth, (room() - height()) * a / b));
            picture.style.setProperty("width", `${width}px`, "important");
            if (width >= wanted) return;
        }
        return;
    }
    root.classList.remove("optim-tight");
    body.classList.remove("optim-tight");
    for (const wraps of [false, true]) {  // lines of code are broken only if the smallest letters are too large
        root.classList.toggle("optim-wraps", wraps);
        let size = LARGEST;
        do {
            style.setProperty("--words", `${size * u}px`);
            size -= 0.15;
        } while (size >= SMALLEST && (height() > room() || tooWide()));
        if (!tooWide()) return;
    }
}

function tooWide() {
    return [...root.querySelectorAll(".jp-Cell.optim-here :is(mjx-container, pre)")].some(one => {
        const inner = one.querySelector("mjx-math, svg") ?? one;
        if (one.tagName === "PRE") return !one.closest(".optim-off") && one.scrollWidth > one.clientWidth + 1;
        return !one.closest(".optim-off") && inner.getBoundingClientRect().right > one.closest(".jp-Cell").getBoundingClientRect().right;
    });
}

let watched = null, waits = 0;
function watch(shown) {
    watched?.disconnect();
    watched = new ResizeObserver(() => { cancelAnimationFrame(waits); waits = requestAnimationFrame(fit); });
    for (const cell of shown) {
        const parts = cell.querySelectorAll(".optim-live > :not(.optim-layers), .optim-ask, .jp-RenderedMarkdown");
        parts.forEach(one => watched.observe(one));
    }
}

/* ---- a question for the hall ------------------------------------------------------------------------------------- */

function addHands(cell) {
    for (const question of cell.querySelectorAll(".optim-ask")) {
        if (question.closest(".optim-off")) continue;
        const answers = [...question.querySelectorAll(".widget-radio-box label")];
        if (answers.length) {
            answers.filter(one => !one.querySelector(".optim-hands")).forEach(one => one.append(field(question)));
        } else if (!question.querySelector(".optim-guesses")) {
            question.children[1].after(guesses());
        }
    }
}

function field(question) {
    const bar = make("span", {class: "optim-bar"});
    const number = make("input", {type: "number", min: 0, max: 999, "aria-label": "hands", title: "how many hands"});
    number.addEventListener("input", () => {
        const all = [...question.querySelectorAll(".optim-hands input")].map(one => Number(one.value) || 0);
        const most = Math.max(1, ...all);
        [...question.querySelectorAll(".optim-bar")].forEach((one, k) => {
            one.style.width = `${100 * all[k] / most}%`;
        });
        hands.set(number, number.value);
    });
    const click = event => { event.preventDefault(); number.focus(); };
    return make("span", {class: "optim-hands", onclick: click}, number, make("span", {class: "optim-track"}, bar));
}

/* For a question with a number: what the hall calls out, "30 40 40 100", as a bar for each number. */
function guesses() {
    const drawn = make("span", {class: "optim-guessed"});
    const text = make("input", {type: "text", placeholder: "the hall's guesses: 30 40 40 100", "aria-label": "guesses"});
    text.addEventListener("input", () => {
        const counts = new Map();
        for (const word of text.value.split(/[\s;]+/).filter(Boolean)) {  // 1,000 is a thousand, 0,5 a half
            const one = Number(/^[1-9]\d{0,2}(,\d{3})+$/.test(word) ? word.replaceAll(",", "") : word.replace(",", "."));
            if (Number.isFinite(one)) counts.set(one, (counts.get(one) ?? 0) + 1);
        }
        const most = Math.max(1, ...counts.values());
        drawn.replaceChildren(...[...counts].sort((a, b) => a[0] - b[0]).map(([value, count]) =>
            make("span", {class: "optim-guess", title: `${count}`},
                make("span", {class: "optim-bar", style: `height: ${100 * count / most}%`}), String(value))));
        fit();
    });
    return make("div", {class: "optim-guesses"}, text, drawn);
}

/* ---- the figure of the slide ------------------------------------------------------------------------------------- */

function pressed(selector) {
    const button = figureOn?.querySelector(selector);
    button?.click();
    return Boolean(button);
}

function play() {
    if (!figureOn) return;
    const row = figureOn.querySelector(".widget-play");
    if (row && row.offsetParent) pressed(".widget-play button");
    else if (pause()) pause().click();
    else [...figureOn.querySelectorAll("button")].find(one => /Reset/.test(one.textContent))?.click();
}

const pause = () => [...(figureOn?.querySelectorAll("button") ?? [])]
    .find(one => /Pause|Go on/.test(one.textContent) && one.offsetParent && !one.disabled);

function firstStep() {
    const row = figureOn?.querySelector(".widget-play");
    const stop = row?.querySelectorAll("button");
    if (stop?.length > 1) stop[1].click();  // play, stop: stop goes back to the first step
}

function situation(number) {
    const menu = [...(figureOn?.querySelectorAll("select") ?? [])].find(one => one.options[0]?.textContent === "—");
    if (!menu || number >= menu.options.length) return;
    menu.selectedIndex = number;
    menu.dispatchEvent(new Event("change", {bubbles: true}));
}

/* What the figure's sliders are set to, as a line of code and as an address. */
function state() {
    const said = figureOn?.querySelector("[data-state]");
    if (!said) return null;
    const {figure, values, t} = JSON.parse(said.dataset.state);
    const python = value => Array.isArray(value) ? `(${value.join(", ")})`
        : typeof value === "string" ? JSON.stringify(value) : value === true ? "True" : value === false ? "False" : value;
    const code = Object.entries(values).map(([name, value]) => `${name}=${python(value)}`).join(", ");
    const same = [...root.querySelectorAll(".optim-live [data-state]")]
        .filter(one => JSON.parse(one.dataset.state).figure === figure);
    const number = same.indexOf(said) + 1;
    const name = number > 1 ? `${figure}-${number}` : figure;
    const chapter = /\d\d_(\w+)\.ipynb/.exec(location.pathname)?.[1] ?? "";
    const query = new URLSearchParams({chapter, figure: name, ...Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, String(value)]))});
    if (t !== null) query.set("t", t);
    const address = `${location.origin}${location.pathname}?${query}`;
    return {code: `figure.set(${code})` + (t === null ? "" : `; figure.time = ${t}`), address};
}

async function copyState() {
    const now = state();
    if (!now) return say("There is no figure on this slide.");
    const text = voila() ? `${now.code}\n${now.address}` : now.code;
    try {
        await navigator.clipboard.writeText(text);
        say(`Copied: ${text}`);
    } catch {
        say(text);
    }
}

function goToFigure() {
    const wanted = new URLSearchParams(location.search);
    const name = wanted.get("figure"), menu = wanted.get("situation");
    if (!name && !menu) return 0;
    const known = new Map();
    const all = [...root.querySelectorAll(".optim-live")];
    for (const one of all) {
        const said = one.querySelector("[data-state]");
        if (!said) continue;
        const kind = JSON.parse(said.dataset.state).figure;
        let full = kind;
        for (let k = 2; known.has(full); k++) full = `${kind}-${k}`;
        known.set(full, one);
    }
    const figure = name ? known.get(name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase())
        : all.find(one => [...one.querySelectorAll("option")].some(option => option.textContent === menu));
    const cell = cells.indexOf(figure?.closest(".jp-Cell"));
    return Math.max(0, slides.findIndex(slide => slide.parts.some(part => part.cell === cell)));
}

/* ---- the bar, the overview, the blank screen, the notes ---------------------------------------------------------- */

const titleOf = make("h1", {class: "optim-title"});
const counter = make("button", {class: "optim-counter", title: "overview (O)", onclick: () => overview()});
function button(path, words, does) {
    const one = make("button", {title: words, "aria-label": words.replace(/ \(.*/, ""), onclick: does});
    one.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
    return one;
}
const ICONS = {  // lines of a square of 24
    back: "M15 4L7 12L15 20", next: "M9 4L17 12L9 20", copy: "M8 8H20V20H8ZM16 8V4H4V16H8",
    theme: "M12 3A9 9 0 1 0 12 21ZM12 3A9 9 0 0 1 12 21", full: "M4 9V4H9M15 4H20V9M20 15V20H15M9 20H4V15",
    leave: "M5 5L19 19M19 5L5 19",
};
const bar = make("div", {class: "optim-buttons"},
    button(ICONS.back, "back (←)", () => show(at - 1)), counter,
    button(ICONS.next, "next (→, space)", () => show(at + 1)),
    button(ICONS.copy, "copy what the figure is set to (S)", copyState), button(ICONS.theme, "light or dark (T)", theme),
    button(ICONS.full, "full screen (F)", full), ...(voila() ? [] : [button(ICONS.leave, "back to the notebook", leave)]));
const head = make("div", {class: "optim-head"}, titleOf, bar);
const zones = [
    make("div", {class: "optim-zone optim-zone-back", "aria-hidden": "true", onclick: () => show(at - 1)}, "‹"),
    make("div", {class: "optim-zone optim-zone-next", "aria-hidden": "true", onclick: () => show(at + 1)}, "›"),
];
const blank = make("div", {class: "optim-blank", onclick: () => toggle("optim-blanked")});
const said = make("div", {class: "optim-said", role: "status", "aria-live": "polite"});
const list = make("div", {class: "optim-list", role: "dialog", "aria-label": "overview"});
const stage = make("div", {class: "optim-stage"}, head, ...zones, list, said, blank);

function say(text) {
    said.textContent = text;
    said.classList.add("optim-on");
    clearTimeout(say.timer);
    say.timer = setTimeout(() => said.classList.remove("optim-on"), 6000);
}

function toggle(name) {
    return body.classList.toggle(name);
}

function overview() {
    if (!toggle("optim-overview")) return;
    const columns = Math.ceil(slides.length / 9);
    list.style.setProperty("--columns", columns);
    list.style.setProperty("--rows", Math.ceil(slides.length / columns));
    list.replaceChildren(...slides.map((slide, k) => make("button", {onclick: () => show(k),
        ...(k === at ? {"aria-current": "true"} : {})}, make("b", {}, String(k + 1)), slide.title)));
    list.querySelector("[aria-current]").focus();
}

function theme() {
    toggle("optim-dark");
}

function full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.();
}

function code() {
    if (toggle("optim-code")) {
        for (const editor of root.querySelectorAll(".optim-here .cm-editor")) editor.scrollIntoView?.({block: "nearest"});
    }
}

function openNotes() {
    notes = window.open("", "optim-notes", "width=900,height=700");
    if (!notes) return say("The browser let no second window open: allow it for this page, or print the notes.");
    tellNotes();
}

function tellNotes() {
    if (!notes || notes.closed) return;
    const slide = slides[at], paper = notes.document;
    paper.title = "Notes";
    const before = slides.slice(0, at).reduce((sum, one) => sum + one.minutes, 0);
    const inside = document.createElement("main");
    inside.append(make("p", {}, `${at + 1} / ${slides.length} · planned from minute ${before}, ${slide.minutes} min · ` +
        `running for ${Math.round((Date.now() - began) / 60000)} min`), make("h1", {}, slide.title),
        ...slide.notes.split("\n").map(line => make("p", {class: "told"}, line)),
        make("p", {}, at + 1 < slides.length ? `Next: ${slides[at + 1].title}` : "This is the last slide."));
    paper.body.style.cssText = "font: 22px/1.5 sans-serif; margin: 2em; max-width: 40em;";
    paper.body.replaceChildren(paper.importNode(inside, true));
}

/* ---- the keyboard ------------------------------------------------------------------------------------------------ */

const KEYS = {
    ArrowRight: () => show(at + 1), ArrowDown: () => show(at + 1), " ": () => show(at + 1), PageDown: () => show(at + 1),
    ArrowLeft: () => show(at - 1), ArrowUp: () => show(at - 1), PageUp: () => show(at - 1),
    Home: () => show(0), End: () => show(slides.length - 1),
    o: overview, b: () => toggle("optim-blanked"), ".": () => toggle("optim-blanked"),
    f: full, F: full, t: theme, c: code, n: openNotes, s: copyState, p: play, 0: firstStep,
};
for (let k = 1; k <= 9; k++) KEYS[k] = () => situation(k);

/* What has the focus keeps the keys that it needs; PageUp and PageDown, what a presenter's remote sends, always turn. */
function needs(element, key) {
    if (!element || element === body || /^Page/.test(key)) return false;
    if (element.closest(".cm-editor, [contenteditable='true']") || /^(TEXTAREA)$/.test(element.tagName)) return true;
    if (element.tagName === "INPUT" && !/radio|checkbox|button/.test(element.type)) return true;
    if (element.tagName === "SELECT") return /^Arrow|^ $|^Enter$|^Home$|^End$/.test(key);
    if (element.closest(".noUi-handle")) return /^Arrow|^Home$|^End$/.test(key);
    if (element.type === "radio" || element.getAttribute?.("role") === "radio") return /^Arrow|^ $/.test(key);
    if (element.closest(".optim-list")) return /^Arrow|^ $|^Enter$/.test(key);
    return (element.tagName === "BUTTON" || element.type === "checkbox") && /^ $|^Enter$/.test(key);
}

function onKey(event) {
    if (!running || event.ctrlKey || event.metaKey || event.altKey) return;
    const {key, target} = event;
    if (body.classList.contains("optim-blanked")) {
        toggle("optim-blanked");
    } else if (key === "Escape") {
        const box = document.activeElement?.closest?.(".optim-stage, .optim-here");
        if (body.classList.contains("optim-code")) code();
        else if (body.classList.contains("optim-overview")) overview();
        else if (document.activeElement !== body && box && document.activeElement.blur) document.activeElement.blur();
        else overview();
    } else if (needs(target, key)) {
        if (target.closest(".optim-list") && /^Arrow/.test(key)) {
            const step = {ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1}[key], all = [...list.children];
            all[(all.indexOf(target) + step + all.length) % all.length].focus();
        } else {
            return;
        }
    } else if (KEYS[key] ?? KEYS[key.toLowerCase()]) {
        (KEYS[key] ?? KEYS[key.toLowerCase()])();
    } else {
        return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
}

/* ---- begin and leave --------------------------------------------------------------------------------------------- */

function begin() {
    if (running) return;
    running = true;
    began = began || Date.now();
    body.append(stage);
    body.classList.add("optim-lecture");
    root.classList.add("optim-root");
    cells = findCells();
    const mark = (element, name) => { element.classList.add(name); marked.push([element, name]); };
    for (let one = root; one !== body && one.parentElement; one = one.parentElement) {
        if (one !== root) mark(one, "optim-above");
        for (const other of one.parentElement.children) {
            if (other !== one && other !== stage && !/^(STYLE|SCRIPT|LINK)$/.test(other.tagName)) mark(other, "optim-beside");
        }
    }
    for (const cell of root.querySelectorAll(".jp-Cell")) {
        for (let one = cell.parentElement; one !== root; one = one.parentElement) {
            if (!one.classList.contains("optim-wrap")) mark(one, "optim-wrap");
        }
    }
    window.addEventListener("keydown", onKey, true);
    window.addEventListener("resize", fit);
    show(goToFigure() || at);
    const wrong = document.querySelector(".optim-lecture-said")?.textContent;
    if (wrong) say(wrong);
}

function leave() {
    if (!running) return;
    const cell = cells[slides[at].parts[0]?.cell];
    running = false;
    watched?.disconnect();
    window.removeEventListener("keydown", onKey, true);
    window.removeEventListener("resize", fit);
    cells.filter(Boolean).forEach(one => { one.classList.remove("optim-here"); unhideWords(one); });
    root.querySelectorAll(".optim-layers").forEach(one => one.style.removeProperty("width"));
    root.querySelectorAll(".optim-hands, .optim-guesses").forEach(one => one.remove());
    for (const [element, name] of marked.splice(0)) element.classList.remove(name);
    body.classList.remove("optim-lecture", "optim-words-only", "optim-tight", "optim-overview", "optim-code", "optim-blanked");
    root.classList.remove("optim-root", "optim-tight", "optim-with-figure");
    stage.remove();
    window.dispatchEvent(new Event("resize"));
    cell?.scrollIntoView({block: "start"});
}

window.optimLecture?.leave?.();
window.optimLecture = {begin, leave, show, state, slides, get at() { return at; }, cells: () => cells};
const fresh = told.made && Math.abs(Date.now() / 1000 - told.made) < 60;
here.append(make("button", {class: "jupyter-button", onclick: begin}, "Show this notebook as slides"));

if (voila()) {
    /* Who leaves the page leaves no kernel behind: a server carries a class only if it gets them back. */
    addEventListener("pagehide", event => {
        if (event.persisted) return;
        const {baseUrl, kernelId} = JSON.parse(document.getElementById("jupyter-config-data").textContent);
        const form = new FormData();
        form.append("_xsrf", (document.cookie.match(/\b_xsrf=([^;]*)/) || [])[1] || "");
        navigator.sendBeacon(`${baseUrl}voila/api/shutdown/${kernelId}`, form);
    });
    const ready = () => document.getElementById("loading") === null &&
        ![...document.querySelectorAll(".jp-OutputArea-output")].some(one => /^Loading widget/.test(one.textContent));
    const wait = setInterval(() => { if (ready() && document.querySelector(".optim-live, .jp-MarkdownOutput")) {
        clearInterval(wait);
        begin();
    } }, 100);
} else if (fresh) {
    setTimeout(begin, 0);
}
/* Formulas are typeset after their text is there, and widgets come late: look again. */
new MutationObserver(changes => {
    if (!running || !changes.some(c => [...c.addedNodes].some(n => /^mjx-container$/i.test(n.nodeName) ||
        n.querySelector?.("mjx-container, .optim-live")))) return;
    clearTimeout(show.timer);
    show.timer = setTimeout(() => running && show(at), 150);
}).observe(root, {childList: true, subtree: true});
})();
