"""What the page needs beside the widgets: a style sheet, and a few lines of script for the keyboard and screen readers.

Both travel in the HTML of the figure: a <style>, whose onload runs the script once the page has it. So they work where
a widget does (JupyterLab, Notebook 7, Voila, JupyterLite) without an extension; where a page forbids such scripts, a
figure works as widgets do by themselves.
"""

import html

OURS = ".optim-live, .optim-ask"

# --optim-u is a pixel of the page, more where the figure is larger than it was designed for: all words grow with it.
# A widget that has lost its kernel gets a mark from ipywidgets, each slider and each picture its own. One is enough.
STYLE = """
.optim-live { overflow: visible; container: optim / inline-size; }
.optim-live > * { --optim-words: calc(15 * var(--optim-u)); --jp-widgets-font-size: calc(13 * var(--optim-u));
    --jp-widgets-inline-height: calc(28 * var(--optim-u)); --jp-widgets-slider-handle-size: calc(16 * var(--optim-u));
    --jp-widgets-slider-track-thickness: calc(4 * var(--optim-u));
    --jp-widgets-slider-handle-border-color: var(--jp-ui-font-color2, #616161); }
.optim-live .widget-readout { min-width: 4em; }
.optim-stops .widget-readout { pointer-events: none; }  /* what is typed there would change nothing */
.optim-live .slider-container { min-width: 48px; }
.optim-live .noUi-handle:focus-visible { outline: 2px solid var(--jp-brand-color1, #1976d2); outline-offset: 2px; }
.optim-live .widget-play { width: calc(148 * var(--optim-u)); }
.optim-layers { overflow: visible; }
.optim-layers > * { grid-area: 1 / 1; margin: 0; width: 100%; height: 100%; max-width: none; min-width: 0; }
.optim-layer { will-change: transform; }  /* kept as pixels by the browser: a move does not paint the others again */
.optim-layer .widget-html-content { position: relative; height: 100%; width: 100%; line-height: 0; }
.optim-layer svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.optim-caption .widget-html-content { font-size: var(--optim-words); line-height: 1.45; padding-right: 8px; }
.optim-spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.optim-ask .widget-html-content { font-size: 15px; line-height: 1.45; }
.optim-ask .widget-radio-box label {
    display: flex; flex-direction: row-reverse; justify-content: flex-end; align-items: baseline;
    height: auto; white-space: normal; font-size: 15px; line-height: 1.4; margin: 3px 0; }
.optim-ask .widget-radio-box input { flex: none; position: relative; top: 2px; }
:is(.optim-live, .optim-ask) .jupyter-widgets-disconnected::before { display: none; }
:is(.optim-live, .optim-ask).jupyter-widgets-disconnected::before {
    content: "✕ The kernel was restarted or has ended: run this cell again."; font: 600 15px/1.45 sans-serif;
    padding: 4px 0; color: inherit; }
:is(.optim-live, .optim-ask).jupyter-widgets-disconnected :is(input, select, button, .noUi-target, .optim-overlay) {
    pointer-events: none; opacity: 0.5; }
.optim-live.jupyter-widgets-disconnected .optim-overlay { opacity: 1; }
"""

# keydown: JupyterLab and Notebook 7 take b, m or an arrow key for the notebook's; they leave alone what comes from an
#     element with data-lm-suppress-shortcuts (itself: their rules may look no further up). Shift-Enter and whatever is
#     pressed with Ctrl, Alt or Cmd stay theirs, and Escape gives the keys back to the notebook.
# name: what ipywidgets gives no name (a slider's handle, a button that is a sign, the choices of a question), and for a
#     slider what stands beside it, where noUiSlider says the number of the stop. It shows a number that one could write
#     over, to no effect: not here.
SCRIPT = """
window.optimPage ??= (() => {
    const set = (element, name, value) => element?.getAttribute(name) === value || element?.setAttribute(name, value);
    window.addEventListener("keydown", event => {
        if (!event.target.closest?.(OURS)) return;
        const theirs = event.ctrlKey || event.altKey || event.metaKey || (event.shiftKey && event.key === "Enter");
        event.target.toggleAttribute("data-lm-suppress-shortcuts", !theirs);
        if (event.key === "Escape") event.target.closest(".jp-Cell")?.focus();
    }, true);
    window.addEventListener("focusin", event => name(event.target.closest?.(OURS)), true);
    const say = slider => {
        const handle = slider.querySelector(".noUi-handle"), words = slider.querySelector(".widget-readout");
        const label = slider.querySelector(".widget-label")?.textContent.trim();
        set(handle, "aria-label", label);
        set(handle, "aria-valuetext", words?.textContent.trim());
        slider.matches(".optim-stops") ? set(words, "contenteditable", "false")
            : (set(words, "role", "textbox"), set(words, "aria-label", label));
    };
    const moved = new MutationObserver(all => new Set(all.map(one =>
        (one.target.closest ? one.target : one.target.parentElement)?.closest(".widget-hslider"))).forEach(
        slider => slider && say(slider)));
    const grown = new MutationObserver(all => all.forEach(one => name(one.target.closest(OURS))));
    let questions = 0;
    const fresh = (root, those) => [...root.querySelectorAll(those)].filter(element => !element.dataset.optim);
    function name(root) {
        if (!root) return;
        for (const box of [root, ...root.querySelectorAll(".widget-container:not(.optim-layers)")])
            if (!box.dataset.optim) grown.observe(box, {childList: true}), box.dataset.optim = "watched";
        for (const slider of fresh(root, ".widget-hslider")) {
            slider.dataset.optim = "named";
            moved.observe(slider, {subtree: true, childList: true, characterData: true, attributes: true,
                attributeFilter: ["aria-valuetext"]});
            say(slider);
        }
        for (const play of fresh(root, ".widget-play")) {
            play.dataset.optim = "named";
            ["play or pause", "back to step 0"].forEach((words, i) => {
                const button = play.querySelectorAll("button")[i];
                set(button, "aria-label", words), set(button, "title", words);
            });
        }
        for (const button of root.querySelectorAll("button[title]"))
            if (!button.textContent.trim()) set(button, "aria-label", button.title);
        for (const choice of root.querySelectorAll(".widget-radio-box")) {
            set(choice, "role", "radiogroup"), set(choice, "aria-label", root.querySelector("b")?.textContent);
            choice.dataset.optim ??= `optim-question-${++questions}`;
            choice.querySelectorAll("input").forEach(one => one.name = choice.dataset.optim);
        }
    }
    return name;
})();
window.optimPage(this.closest(OURS));
"""


def head(rules=""):
    """The <style> for a figure or a question, with rules of its own, and the script that its onload runs.

    >>> head(".a { color: red; }").startswith("<style onload=")
    True
    """
    script = " ".join(line.strip() for line in SCRIPT.replace("OURS", repr(OURS)).splitlines())
    return f'<style onload="{html.escape(script)}">{STYLE}{rules}</style>'
