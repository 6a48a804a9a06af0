// The document. Text from tasks, functions and hosts goes into it by textContent only.

const by_id = (id) => document.getElementById(id);

/** An element with attributes, and children: elements, or text. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children.map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
  return made;
}

/** Sets a text only where it is another one, so that selections and screen readers are left alone. */
function set_text(target, text) {
  const wanted = String(text);
  if (target.textContent !== wanted) target.textContent = wanted;
}

function show(target, is_shown) {
  if (target.hidden === is_shown) target.hidden = !is_shown;
}

/** Says something to whoever looks, and to whoever listens. */
function announce(text, is_bad = false) {
  const line = by_id('announcement');
  line.textContent = text;
  line.classList.toggle('bad', is_bad);
  clearTimeout(announce.timer);
  announce.timer = setTimeout(
    () => {
      line.textContent = '';
    },
    is_bad ? 15000 : 6000,
  );
}

/** Calls `draw` in the next frame, however often it was asked to before that. */
function once_a_frame(draw) {
  let is_asked = false;
  return () => {
    if (is_asked) return;
    is_asked = true;
    requestAnimationFrame(() => {
      is_asked = false;
      draw();
    });
  };
}

/** Makes a canvas as large as it is shown, in the screen's own pixels; says how large that is. */
function fit_canvas(canvas) {
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return {width, height, ratio};
}
