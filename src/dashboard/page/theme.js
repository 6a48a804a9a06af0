// Colours, from page.css, so that the pictures are as light or as dark as the page. The palettes can be told apart by
// people who see colours otherwise; what matters is told by shape, too.

const FUNCTION_COLOURS = 7;

class Theme {
  constructor() {
    this.listeners = [];
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.read();
      for (const listener of this.listeners) listener();
    });
    this.read();
  }

  read() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const names = [
      'ink',
      'quiet',
      'line',
      'card',
      'finished',
      'running',
      'waiting',
      'errors',
      'cancelled',
      'lost',
      'accent',
    ];
    for (const name of names) this[name] = colour('--' + name);
    this.functions = Array.from({length: FUNCTION_COLOURS}, (_, i) => colour(`--function-${i}`));
    this.packed = {
      card: packed(this.card),
      functions: this.functions.map(packed),
      states: [0, packed(this.errors), packed(this.cancelled), packed(this.lost)],
    };
    this.font = getComputedStyle(document.body).fontFamily;
  }

  of_function(number) {
    return this.functions[number % FUNCTION_COLOURS];
  }
}

/** "#rrggbb" as [red, green, blue]. */
function packed(colour) {
  const value = parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Black or white: whichever can be read on a colour. */
function readable_on(colour) {
  const [red, green, blue] = packed(colour).map((part) => (part / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 ? '#000000' : '#ffffff';
}
