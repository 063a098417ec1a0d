/** Owns tabs: one panel is shown, and arrow keys go from tab to tab. */

/** Makes tabs of the buttons in a list, and gives a function that shows the panel with a name. */
export function tabs(list: HTMLElement): (name: string) => void {
  const buttons = [...list.querySelectorAll<HTMLButtonElement>("[role=tab]")];
  const panelOf = (button: HTMLElement) => document.getElementById(button.getAttribute("aria-controls") ?? "");

  const select = (chosen: HTMLElement) => {
    for (const button of buttons) {
      const isChosen = button === chosen;
      button.ariaSelected = String(isChosen);
      button.tabIndex = isChosen ? 0 : -1;
      const panel = panelOf(button);
      if (panel) panel.hidden = !isChosen;
    }
  };

  for (const [index, button] of buttons.entries()) {
    button.addEventListener("click", () => select(button));
    button.addEventListener("keydown", ({ key }) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
      const next = step && buttons.at((index + step) % buttons.length);
      if (!next) return;
      select(next);
      next.focus();
    });
  }
  return (name) => {
    const button = buttons.find(({ dataset }) => dataset.name === name);
    if (button) select(button);
  };
}
