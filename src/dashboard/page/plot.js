// What charts and lanes have in common: axes.

/** Draws a time axis into the lowest `height` pixels between `left` and `right`; x(seconds) says where. */
function draw_time_axis(context, {from, to, left, right, top, bottom, ratio, theme}) {
  const step = tick_step(to - from, (right - left) / (90 * ratio));
  context.font = `${11 * ratio}px ${theme.font}`;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  const x = (seconds) => left + ((seconds - from) / (to - from)) * (right - left);
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to; i++) {
    const at = Math.round(x(i * step));
    context.fillStyle = theme.line;
    context.fillRect(at, top, Math.max(1, Math.round(ratio / 2)), bottom - top);
    const text = tick_text(i * step, step);
    const half = context.measureText(text).width / 2;
    context.fillStyle = theme.quiet;
    context.fillText(text, Math.min(Math.max(at, left + half), right - half), bottom + 4 * ratio);
  }
}

/** Draws lines for round numbers from 0 to `most`, and their names left of them. */
function draw_value_axis(context, {most, left, right, top, bottom, ratio, theme, count = 3}) {
  const step = tick_step(most, count, false);
  context.font = `${11 * ratio}px ${theme.font}`;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (let value = 0; value <= most * 1.001; value += step) {
    const y = Math.round(bottom - (value / most) * (bottom - top));
    context.fillStyle = theme.line;
    context.fillRect(left, y, right - left, Math.max(1, Math.round(ratio / 2)));
    context.fillStyle = theme.quiet;
    context.fillText(short_number(value), left - 5 * ratio, y);
  }
}

function short_number(value) {
  if (value >= 1e9) return number_text(value / 1e9) + ' G';
  if (value >= 1e6) return number_text(value / 1e6) + ' M';
  if (value >= 1e4) return number_text(value / 1e3) + ' k';
  return number_text(value);
}

/** The largest value worth drawing up to: a little above `value`. */
function rounded_up(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const factor of [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10])
    if (factor * power >= value) return factor * power;
  return value;
}
