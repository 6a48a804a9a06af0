"""How fluent the page is with 10^6 tasks of 1,000 workers, and what it takes: a report as large as one can be."""
import tempfile
from pathlib import Path

import make_report
from webdriver import Browser, wait_for

FRAMES = '''
  const [factor, seconds] = given;
  const box = document.getElementById('lanes');
  const middle = document.getElementById('lanes-rows').getBoundingClientRect();
  const times = [];
  return await new Promise((done) => {
    const begin = performance.now();
    let last = begin, turn = 0;
    function frame(now) {
      times.push(now - last);
      last = now;
      if (now - begin > seconds * 1000) return done({frames: times.length / seconds, worst: Math.max(...times.slice(2))});
      turn++;
      const at = {clientX: middle.left + middle.width * 0.4, clientY: middle.top + 50, bubbles: true, cancelable: true};
      if (factor === 'scroll') box.scrollTop = (turn * 40) % (box.scrollHeight - box.clientHeight);
      else if (factor === 'pan') page.lanes.pan(turn % 20 < 10 ? 0.05 : -0.05);
      else box.dispatchEvent(new WheelEvent('wheel', {...at, ctrlKey: true, deltaY: turn % 40 < 20 ? -20 : 20}));
      box.dispatchEvent(new PointerEvent('pointermove', {...at, clientY: middle.top + (turn * 7) % 300}));
      requestAnimationFrame(frame);
    }
    requestAnimationFrame(frame);
  });'''


def descendants(pid):
    children = {}
    for process in Path('/proc').glob('[0-9]*'):
        try:
            parent = int((process / 'stat').read_text().rpartition(')')[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(process.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def renderer_memory(browser):
    """Of the process that draws the page: what is resident in MiB, and how much of that is its own (not files)."""
    found = []
    for pid in descendants(browser.driver.pid):
        if b'--type=renderer' in Path(f'/proc/{pid}/cmdline').read_bytes():
            lines = (line.split() for line in Path(f'/proc/{pid}/status').read_text().splitlines())
            sizes = {words[0]: int(words[1]) / 1024 for words in lines if words[0] in ('VmRSS:', 'RssAnon:')}
            found.append((sizes['VmRSS:'], sizes['RssAnon:']))
    return max(found)


def measure():
    with tempfile.TemporaryDirectory() as folder, Browser(1280, 900) as browser:
        path = Path(folder) / 'report.html'
        path.write_text(make_report.report(*make_report.sample(1000, 1_000_000)))
        print(f'report: {path.stat().st_size / 1e6:.1f} MB')
        browser.open('about:blank')
        print('renderer of an empty page: %.0f MiB resident, of which its own %.0f MiB' % renderer_memory(browser))
        browser.open(path.as_uri())
        wait_for(lambda: browser.run('page.model.rows.end') == 1_000_000, 60, 'the rows')
        print('ready after', browser.run('Math.round(performance.now())'), 'ms')
        for what in ('wheel', 'pan', 'scroll'):
            print(f'{what}:', browser.run_async(FRAMES, what, 3))
        print('a frame of all takes', browser.run('''page.lanes.show_all(); page.lanes.draw(); const begin = performance.now();
          for (let i = 0; i < 10; i++) page.lanes.draw(); return (performance.now() - begin) / 10;'''), 'ms')
        print('the rest of the page takes', browser.run('''const begin = performance.now();
          for (let i = 0; i < 10; i++) { page.update(); page.charts.draw(); } return (performance.now() - begin) / 10;'''), 'ms')
        browser.devtools('HeapProfiler.collectGarbage')
        heap = browser.devtools('Runtime.getHeapUsage')
        print('heap:', {key: f'{value / 2 ** 20:.1f} MiB' for key, value in heap.items()})
        print('renderer: %.0f MiB resident, of which its own %.0f MiB' % renderer_memory(browser))
    return 0
