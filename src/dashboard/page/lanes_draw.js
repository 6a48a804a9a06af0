// The picture of the lanes. Each lane is one line of pixels, written once and copied downwards: how long a frame takes
// depends on the pixels and on the rows that are in sight, not on how often something is painted over. Where tasks are
// narrower than a pixel, it is as dark as the worker was busy. What went wrong is never less than a pixel wide.

class LanePainter {
  constructor(model, theme) {
    this.model = model;
    this.theme = theme;
    this.image = null;
  }

  /** Paints the lanes in sight. view: {from, to} in µs, {top, lane_height} in pixels; size: of the canvas. */
  paint(context, view, {width, height, ratio}) {
    if (!this.image || this.image.width !== width || this.image.height !== height) {
      this.image = context.createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
      this.cover = new Float32Array(width + 1);
      this.red = new Float32Array(width + 1);
      this.green = new Float32Array(width + 1);
      this.blue = new Float32Array(width + 1);
      this.bad = new Uint8Array(width + 1);
    }
    const [red, green, blue] = this.theme.packed.card;
    this.pixels.fill(0xff000000 | (blue << 16) | (green << 8) | red);
    const {order} = this.model;
    const first = Math.max(0, Math.floor(view.top / view.lane_height));
    const last = Math.min(order.length, Math.ceil((view.top + height) / view.lane_height));
    const gap = view.lane_height >= 6 ? Math.max(1, Math.round(ratio)) : view.lane_height > 2 ? 1 : 0;
    for (let place = first; place < last; place++) {
      const y = Math.round(place * view.lane_height - view.top);
      const end = Math.round((place + 1) * view.lane_height - view.top);
      this.#paint_lane(
        order[place],
        view,
        width,
        Math.max(0, y),
        Math.min(height, Math.max(y + 1, end - gap)),
        Math.min(height, end),
      );
    }
    context.putImageData(this.image, 0, 0);
  }

  #paint_lane(lane, view, width, top, bottom, bottom_of_bad) {
    const list = this.model.rows.lanes[lane];
    if (!list || list.begin === list.end || top >= bottom) return;
    this.cover.fill(0);
    this.red.fill(0);
    this.green.fill(0);
    this.blue.fill(0);
    this.bad.fill(0);
    this.#gather(lane, list, view, width);
    this.#write(width, top, bottom, bottom_of_bad);
  }

  /** Adds up how much of each pixel's time the rows of a lane cover, and in which colours. */
  #gather(lane, list, view, width) {
    const {rows} = this.model;
    const {functions, states} = this.theme.packed;
    const scale = width / (view.to - view.from);
    const past = view.to + rows.longest[lane];
    let chunk;
    for (let i = rows.first_ending_after(lane, view.from); i < list.end; i++) {
      const number = list.numbers[i];
      chunk = rows.chunk_of(number, chunk);
      const {words} = chunk;
      const at = (number - chunk.first) * ROW_WORDS;
      const start = words[at] + words[at + 1] * 4294967296;
      if (start > view.to) {
        if (start + words[at + 2] > past) break;
        continue;
      }
      const state = (words[at + 5] >>> 16) & 0xff;
      const colour =
        state === 0 ? functions[(words[at + 5] & 0xffff) % FUNCTION_COLOURS] : (states[state] ?? states[3]);
      const left = Math.max(0, (start - view.from) * scale);
      let right = Math.min(width, (start + words[at + 2] - view.from) * scale);
      if (right - left >= 5) right -= 1; // the next one is told from it
      this.#cover(left, right, colour);
      if (state !== 0) this.bad.fill(state, left | 0, Math.max((left | 0) + 1, Math.ceil(right)));
    }
  }

  #cover(left, right, colour) {
    const begin = left | 0,
      end = right | 0;
    if (begin === end) return this.#add(begin, Math.max(right - left, 0.02), colour);
    this.#add(begin, begin + 1 - left, colour);
    for (let x = begin + 1; x < end; x++) this.#add(x, 1, colour);
    if (right > end) this.#add(end, right - end, colour);
  }

  #add(x, share, colour) {
    this.cover[x] += share;
    this.red[x] += share * colour[0];
    this.green[x] += share * colour[1];
    this.blue[x] += share * colour[2];
  }

  #write(width, top, bottom, bottom_of_bad) {
    const {pixels} = this;
    const [red, green, blue] = this.theme.packed.card;
    const line = top * width;
    for (let x = 0; x < width; x++) {
      const cover = this.cover[x];
      if (cover === 0 && this.bad[x] === 0) continue;
      if (this.bad[x] !== 0) {
        const colour = this.theme.packed.states[this.bad[x]] ?? this.theme.packed.states[3];
        pixels[line + x] = 0xff000000 | (colour[2] << 16) | (colour[1] << 8) | colour[0];
        continue;
      }
      // A little is never nothing: at least a fifth of the colour.
      const part = Math.min(1, Math.max(cover, 0.2)),
        rest = 1 - part;
      pixels[line + x] =
        0xff000000 |
        (((this.blue[x] / cover) * part + blue * rest) << 16) |
        (((this.green[x] / cover) * part + green * rest) << 8) |
        ((this.red[x] / cover) * part + red * rest);
    }
    for (let y = top + 1; y < bottom; y++) pixels.copyWithin(y * width, line, line + width);
    this.#mark_bad(width, top, bottom_of_bad);
  }

  /** What went wrong reaches down to the next lane, and has a dark foot: it is told from the rest without its colour. */
  #mark_bad(width, top, bottom) {
    const foot = Math.max(top, bottom - Math.max(1, Math.round((bottom - top) * 0.3)));
    const [red, green, blue] = packed(this.theme.ink);
    const ink = 0xff000000 | (blue << 16) | (green << 8) | red;
    for (let x = 0; x < width; x++) {
      if (this.bad[x] !== ERROR && this.bad[x] !== 3) continue;
      for (let y = foot; y < bottom; y++) this.pixels[y * width + x] = ink;
    }
  }
}

/** Names of tasks, where they are wide enough, on what LanePainter has painted. */
function write_task_names(context, model, theme, view, {width, height, ratio}) {
  if (view.lane_height < 13 * ratio) return;
  let looked = 0;
  const scale = width / (view.to - view.from);
  const least = (34 * ratio) / scale;
  context.font = `${11 * ratio}px ${theme.font}`;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  const first = Math.max(0, Math.floor(view.top / view.lane_height));
  const last = Math.min(model.order.length, Math.ceil((view.top + height) / view.lane_height));
  for (let place = first; place < last; place++) {
    const lane = model.order[place];
    const list = model.rows.lanes[lane];
    if (!list || model.rows.longest[lane] < least) continue;
    const middle = (place + 0.5) * view.lane_height - view.top - 0.5 * ratio;
    const past = view.to + model.rows.longest[lane];
    for (
      let i = model.rows.first_ending_after(lane, view.from), written = 0;
      i < list.end && written < 100 && looked < 20_000;
      i++, looked++
    ) {
      const end = model.rows.end_of(list.numbers[i]);
      if (end > past) break;
      const row = model.rows.at(list.numbers[i]);
      if (row.run < least || row.start > view.to) continue;
      const left = Math.max(0, (row.start - view.from) * scale),
        right = Math.min(width, (row.end - view.from) * scale);
      write_inside(
        context,
        `${row.id} ${model.function_name(row.function)}`,
        left,
        right,
        middle,
        ratio,
        readable_on(
          row.state === 0
            ? theme.of_function(row.function)
            : ([, theme.errors, theme.cancelled, theme.lost][row.state] ?? theme.lost),
        ),
      );
      written++;
    }
  }
}

function write_inside(context, text, left, right, middle, ratio, colour) {
  const room = right - left - 8 * ratio;
  let letters = Math.min(text.length, Math.floor(room / (4 * ratio)));
  const cut = () => (letters < text.length ? text.slice(0, letters) + '…' : text);
  while (letters > 0 && context.measureText(cut()).width > room) letters--;
  if (letters === 0) return;
  context.fillStyle = colour;
  context.fillText(cut(), left + 4 * ratio, middle);
}
