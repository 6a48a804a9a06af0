// Numbers, times and names as people read them.

const digits = new Intl.NumberFormat('en', {maximumFractionDigits: 0});

function count_text(value) {
  return digits.format(value);
}

/** Three significant digits: 12.3, 0.00123, 4,560. */
function number_text(value) {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (value === 0 || size >= 1000) return digits.format(value);
  if (size < 1e-4) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** A time of so many seconds: "35 µs", "1.25 s", "4 min 05 s", "2 h 03 min". */
function time_text(seconds) {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds === 0) return '0 s';
  if (seconds < 0) return '−' + time_text(-seconds);
  if (seconds < 1e-3) return number_text(seconds * 1e6) + ' µs';
  if (seconds < 1) return number_text(seconds * 1e3) + ' ms';
  if (seconds < 120) return number_text(seconds) + ' s';
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, '0');
  if (whole < 7200) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 172800) return `${Math.floor(whole / 3600)} h ${two(Math.floor(whole / 60) % 60)} min`;
  return `${Math.floor(whole / 86400)} d ${two(Math.floor(whole / 3600) % 24)} h`;
}

/** How long until the end, in whole seconds, as nobody needs more of it. */
function left_text(seconds) {
  return time_text(seconds < 10 ? Math.max(1, Math.ceil(seconds)) : Math.round(seconds));
}

function rate_text(per_second) {
  return number_text(per_second) + ' /s';
}

function share_text(share) {
  if (!Number.isFinite(share)) return '–';
  const percent = share * 100;
  return (percent < 10 || (percent > 99 && percent < 100) ? Math.floor(percent * 10) / 10 : Math.round(percent)) + ' %';
}

function bytes_text(bytes) {
  if (!bytes) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return number_text(bytes / 2 ** (10 * step)) + ' ' + units[step];
}

/** "queued_tasks" → "Queued tasks". */
function words(key) {
  const text = key.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function plural(number, one, several = one + 's') {
  return `${count_text(number)} ${number === 1 ? one : several}`;
}

/** What a tick of a time axis says, where ticks are `step` seconds apart. */
function tick_text(seconds, step) {
  if (step >= 60) return time_text(seconds).replace(/^0 s$/, '0');
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (decimals > 3) return (seconds * 1e3).toFixed(Math.max(0, decimals - 3)) + ' ms';
  return seconds.toFixed(decimals) + ' s';
}

/** A round distance between ticks: at most `most` of them in `span`. */
function tick_step(span, most, is_time = true) {
  const least = span / Math.max(1, most);
  if (is_time && least > 10) {
    for (const step of [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400])
      if (step >= least) return step;
  }
  const power = 10 ** Math.floor(Math.log10(least));
  for (const factor of is_time ? [1, 2, 5, 10] : [1, 2, 2.5, 5, 10])
    if (factor * power >= least * 0.999) return factor * power;
  return 10 * power;
}
