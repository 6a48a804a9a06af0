#!/usr/bin/env python3
"""The dashboard's page in a real browser: Chromium, with a real master, and with reports.

    browser_test.py WATCHED_APP [-v] [CASE…]    WATCHED_APP: the program of watched_app.cpp
    browser_test.py --measure                   frames and memory with 10^6 tasks of 1,000 workers, printed

Ends with 77 where there is no Chromium. axe-core, which looks for what keeps people from using a page, comes from npm, or
from the file that $AXE_CORE names; where it cannot be had, that one case is skipped.
"""
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import make_report
from flaky_way import FlakyWay
from webdriver import OTHER_NAME, Browser, is_here, wait_for

APP = None
HOSTILE = '<img src=x onerror="window.hacked=1">"\'&amp;</script><script>window.hacked=1</script>'
IS_DRAWN = '''
  const canvas = document.querySelector(arguments[0]);
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', {willReadFrequently: true});
  copy.drawImage(canvas, 0, 0);
  const data = copy.getImageData(0, 0, canvas.width, canvas.height).data;
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) if (data[i + 3]) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  return seen.size > 1;'''
OVERFLOWING = '''
  const wide = [...document.querySelectorAll('body *')].filter((one) => !one.closest('.scroller, pre, .unseen, .skip') &&
    one.checkVisibility() && one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5);
  return [document.documentElement.scrollWidth, ...wide.map((one) => one.tagName + '#' + one.id)];'''


class Master:
    """watched_app: a master whose tasks are as many as it is told on stdin."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.report = Path(self.folder.name) / 'report.html'
        self.process = subprocess.Popen([APP, str(self.report)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True)
        self.url = self.process.stdout.readline().strip()
        assert re.fullmatch(r'http://127\.0\.0\.1:\d+/#key=[0-9a-f]{32,}', self.url), f'no address: "{self.url}"'
        self.place, self.key = self.url.split('#key=')
        self.port = int(re.search(r':(\d+)/', self.url)[1])

    def status_for(self, method, path, **headers):
        """The status of a request by no browser, with the key."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=10)
        with contextlib.closing(connection):
            body = '{"jsonrpc":"2.0","id":1,"method":"status"}' if method == 'POST' else None
            connection.request(method, path, body, {'Content-Type': 'application/json', 'Authorization': f'Bearer {self.key}', **headers})
            return connection.getresponse().status

    def tell(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()

    def end(self):
        self.tell('end')
        assert self.process.wait(20) == 0

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.folder.cleanup()


class Page(unittest.TestCase):
    """What the cases have in common: one browser for all of them, which is made when it is first used."""

    browser = None

    @classmethod
    def setUpClass(cls):
        if Page.browser is None:
            Page.browser = Browser()

    def setUp(self):
        self.browser.size(1280, 900)
        self.browser.colours('light', reduced_motion=True)
        self.browser.complaints()

    def start(self):
        master = Master()
        self.addCleanup(master.close)
        return master

    def open_report(self, picture, rows):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / 'report.html'
        path.write_text(make_report.report(picture, rows))
        self.browser.open(path.as_uri())

    def number(self, name):
        return int(self.browser.text('#count-' + name).replace(',', '').replace('–', '-1'))

    def see(self, condition, what, seconds=10):
        return wait_for(condition, seconds, what)

    def see_text(self, selector, pattern, seconds=10):
        try:
            self.see(lambda: re.search(pattern, self.browser.text(selector)), f'{selector} to say "{pattern}"', seconds)
        except AssertionError as error:
            raise AssertionError(f'{error}; it says "{self.browser.text(selector)[:300]}"') from None

    def is_drawn(self, selector):
        return self.browser.run(IS_DRAWN, selector)

    def assert_fits(self, width):
        """Nothing is wider than the window, once the pictures have followed its size."""
        self.see(lambda: self.browser.run('document.getElementById("lanes-rows").getBoundingClientRect().right') <= width, 'smaller lanes')
        self.assertEqual(self.browser.run(OVERFLOWING), [width])

    def assert_not_hacked(self):
        self.assertFalse(self.browser.run('window.hacked'))
        self.assertEqual(self.browser.run('document.querySelectorAll("main img, main script, main b b").length'), 0)


class LivePage(Page):
    """A page of a master that works."""

    def test_it_is_drawn_and_goes_on(self):
        master = self.start()
        master.tell('quick 40')
        self.browser.open(master.url)
        self.see(lambda: self.number('finished') == 40, '40 tasks that have finished')
        self.assertEqual(self.browser.text('#state'), 'Running')
        self.assertEqual(self.browser.run_async('return (await fetch("page.js")).text();'), make_report.page_script())
        self.assertNotIn('key', self.browser.run('location.href'))
        self.see(lambda: all(map(self.is_drawn, ('#lanes-rows', '#lanes-marks', '#chart-tasks', '#chart-rate'))), 'drawn pictures')
        self.see(lambda: self.browser.run('page.model.rows.end') == 40, '40 rows')
        master.tell('quick 60')
        self.see(lambda: self.number('finished') == 100, '100 tasks that have finished')
        self.see(lambda: self.browser.run('page.model.rows.end') == 100, '100 rows')
        self.assertEqual(self.browser.text('#progress-text'), '100 of 100 tasks · 100 %')
        self.see_text('#functions tbody', r'quick100\d+\.?\d* ms')
        self.see_text('#measures tbody', 'milliseconds100500')
        self.see_text('#measures tbody', r'waiting100\d[\d.]* ms\d[\d.]* ms')
        self.assertEqual(self.browser.run('document.querySelectorAll("#workers tbody tr").length'), 2)
        self.assertEqual(self.browser.complaints(), [])

    def test_a_task_is_cancelled_and_asked_after(self):
        master = self.start()
        master.tell('long')
        self.browser.open(master.url)
        self.see_text('#running tbody', '1.*long')
        self.browser.click('#running td .link')
        self.see_text('#answer-text', '(?i)task 1 ')
        self.see(lambda: self.browser.is_shown('#answer-cancel'), 'how to cancel it')
        self.browser.click('#running .changes')
        self.see(lambda: self.number('cancelled') == 1 and self.number('running') == 0, 'a task that was cancelled')
        self.see_text('#running', 'No task runs')
        self.browser.click('#ask button')
        self.see(lambda: not self.browser.is_shown('#answer-cancel'), 'nothing to cancel')
        self.see_text('#answer-text', 'cancelled')
        self.browser.run('document.getElementById("ask-number").value = "99"')
        self.browser.click('#ask button')
        self.see_text('#answer-text', '^The master says: ')

    def test_it_pauses_and_resumes(self):
        master = self.start()
        self.browser.open(master.url)
        self.see_text('#state', 'Running')
        self.browser.click('#pause')
        self.see_text('#state', 'Paused')
        master.tell('quick 10')
        self.see(lambda: self.number('waiting') == 10, '10 tasks that wait')
        self.assertEqual(self.number('finished'), 0)
        self.browser.click('#pause')
        self.see(lambda: self.number('finished') == 10, '10 tasks that have finished')
        self.see_text('#state', 'Running')

    def test_it_has_more_and_fewer_workers(self):
        master = self.start()
        self.browser.open(master.url)
        self.see_text('#workers-now', '2 workers')
        self.browser.click('#more')
        self.see_text('#workers-now', '^3 workers$')
        self.browser.click('#fewer')
        self.see_text('#workers-now', '^2 workers$')

    def test_without_the_key_it_only_reads(self):
        master = self.start()
        master.tell('long')
        self.browser.open(master.place)
        self.see_text('#running tbody', 'long')
        self.assertTrue(self.browser.is_shown('#without-key'))
        self.assertFalse(self.browser.is_shown('#pause'))
        self.assertFalse(self.browser.is_shown('#running .changes'))
        for key in ('', '0' * len(master.key)):
            said = self.browser.run_async('''page.connection.key = given[0];
              return page.connection.call('cancel', {id: 1}).then(() => 'done', (error) => 'refused: ' + error.message);''', key)
            self.assertRegex(said, '^refused: ')
        self.assertEqual(self.number('cancelled'), 0)
        self.browser.click('#without-key summary')
        self.browser.click('#key')
        self.browser.press(*master.key, 'enter')
        self.see(lambda: self.browser.is_shown('#pause'), 'what can be done with the key')
        self.browser.click('#running .changes')
        self.see(lambda: self.number('cancelled') == 1, 'a task that was cancelled')

    def test_it_comes_back_after_the_network_was_away(self):
        master = self.start()
        master.tell('quick 10')
        with FlakyWay(master.port) as way:
            self.browser.open(f'http://127.0.0.1:{way.port}/#key={master.key}')
            self.see(lambda: self.number('finished') == 10, '10 tasks')
            way.break_down()
            self.see_text('#connection', 'not heard')
            self.assertTrue(self.browser.is_shown('#connection'))
            self.assertTrue(self.browser.run('document.getElementById("pause").disabled'))
            self.assertEqual(self.number('finished'), 10)
            master.tell('quick 10')
            way.come_back()
            self.see(lambda: self.number('finished') == 20, 'the tasks of the meantime', 15)
            self.assertFalse(self.browser.is_shown('#connection'))
            self.see(lambda: self.browser.run('page.model.rows.end') == 20, 'the rows of the meantime')
            times = self.browser.run('page.model.series.t')
            self.assertEqual(times, sorted(set(times)), 'points that came twice')

    def test_the_end_is_told_and_what_was_seen_stays(self):
        master = self.start()
        master.tell('quick 30')
        master.tell('fail')
        self.browser.open(master.url)
        self.see(lambda: (self.number('finished'), self.number('errors')) == (30, 1), '31 tasks')
        self.see_text('#failed', '<img src=x')
        self.assert_not_hacked()
        master.end()
        self.see_text('#connection', 'has ended')
        self.assertEqual(self.browser.text('#state'), 'Ended')
        self.assertEqual((self.number('finished'), self.number('errors')), (30, 1))
        self.assertFalse(self.browser.is_shown('#pause'))
        self.assertTrue(self.is_drawn('#lanes-rows'))
        lanes, counts = self.browser.run('[page.model.rows.end, page.model.names]'), self.browser.text('.tiles')
        functions = self.browser.text('#functions')
        self.browser.complaints()
        self.browser.open(master.report.as_uri())
        self.see_text('#connection', 'report')
        self.assertEqual(self.browser.run('[page.model.rows.end, page.model.names]'), lanes)
        self.assertEqual(self.browser.text('.tiles').split('Tasks a second')[0], counts.split('Tasks a second')[0])
        self.assertEqual(self.browser.text('#functions'), functions)
        self.see(lambda: self.is_drawn('#lanes-rows'), 'the lanes of the report')
        for part in ('#controls', '#without-key', '#running-card'):
            self.assertFalse(self.browser.is_shown(part), part)
        self.assert_not_hacked()
        self.assertEqual(self.browser.complaints(), [])
        said = self.browser.run_async('return fetch("data:,x").then(() => "sent", () => "refused");')
        self.assertEqual(said, 'refused', 'a report can send something')

    def test_a_master_that_is_killed_is_missed(self):
        master = self.start()
        master.tell('quick 5')
        self.browser.open(master.url)
        self.see(lambda: self.number('finished') == 5, '5 tasks')
        master.process.send_signal(signal.SIGKILL)
        self.see_text('#connection', 'not heard')
        self.assertEqual(self.number('finished'), 5)

    def test_a_page_of_another_origin_can_do_nothing(self):
        master = self.start()
        master.tell('long')
        self.browser.open(master.url)
        self.see_text('#running tbody', 'long')
        with Elsewhere() as elsewhere:
            self.browser.open(elsewhere.url)
            said = self.browser.run_async(ATTACK, master.place)
            self.browser.ask('POST', '/frame', {'id': 0})
            self.assertNotIn('Workers over time', self.browser.text('body'), 'it shows in a frame')
            self.browser.ask('POST', '/frame', {'id': None})
        self.assertEqual(set(said.values()), {'failed'}, said)
        for method, path in (('GET', '/picture'), ('GET', '/events'), ('POST', '/rpc')):
            self.assertEqual(master.status_for(method, path, Origin=elsewhere.url.rstrip('/')), 403, path)
            self.assertEqual(master.status_for(method, path, Origin='null'), 403, path)
        self.browser.open(master.url)
        self.see_text('#state', 'Running')
        self.assertEqual((self.number('running'), self.number('cancelled')), (1, 0))

    def test_a_name_of_somebody_elses_leads_nowhere(self):
        master = self.start()
        self.browser.open(f'http://{OTHER_NAME}:{master.port}/')
        self.assertNotIn('Workers over time', self.browser.text('body'))
        self.assertRegex(self.browser.text('body'), 'no such name')


ATTACK = '''
  const [there] = given;
  const fate = (promise) => Promise.race([promise, new Promise((_, fail) => setTimeout(fail, 1500))]).then((how) => how, () => 'failed');
  const call = (method, params) => JSON.stringify({jsonrpc: '2.0', id: 1, method, params});
  const read = (answer) => answer.type === 'opaque' || !answer.ok ? 'failed' : answer.text().then((text) => 'read: ' + text.slice(0, 80));
  const loaded = (name, attributes) => fate(new Promise((done, fail) => {
    const one = document.createElement(name);
    Object.assign(one, attributes);
    one.onload = () => done('loaded');
    one.onerror = fail;
    document.body.append(one);
  }));
  await loaded('iframe', {src: there});  // whether anything is in it, this page cannot see
  return {
    picture: await fate(fetch(there + 'picture').then(read)),
    blind_picture: await fate(fetch(there + 'picture', {mode: 'no-cors'}).then(read)),
    rows: await fate(fetch(there + 'rows?from=0').then(read)),
    plain_cancel: await fate(fetch(there + 'rpc', {method: 'POST', mode: 'no-cors', body: call('cancel', {id: 1})}).then(read)),
    json_cancel: await fate(fetch(there + 'rpc', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: call('cancel', {id: 1})}).then(read)),
    guessed_key: await fate(fetch(there + 'rpc', {method: 'POST', headers: {Authorization: 'Bearer 00'}, body: call('pause', {})}).then(read)),
    cancel_by_get: await fate(fetch(there + 'rpc?' + new URLSearchParams({q: call('cancel', {id: 1})}), {mode: 'no-cors'}).then(read)),
    events: await fate(new Promise((done, fail) => {
      const source = new EventSource(there + 'events');
      source.onmessage = source.onopen = () => done('heard');
      source.addEventListener('picture', () => done('heard'));
      source.onerror = () => { source.close(); fail(); };
    })),
    script: await loaded('script', {src: there + 'picture'}),
  };'''


class Elsewhere:
    """A web server of somebody else's, with an empty page."""

    def __enter__(self):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header('Content-Type', 'text/html')
                self.end_headers()
                self.wfile.write(b'<!doctype html><title>elsewhere</title><body>')

            def log_message(self, *_):
                pass
        self.server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_port}/'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class ReportPage(Page):
    """A page with its data in it."""

    def test_numbers_are_right(self):
        picture, rows = make_report.sample(8, 2000)
        self.open_report(picture, rows)
        self.see(lambda: self.is_drawn('#lanes-rows'), 'lanes')
        status = picture['status']
        for name in ('finished', 'errors', 'cancelled'):
            self.assertEqual(self.number(name), status[name])
        self.assertEqual(self.browser.run('page.model.rows.end'), 2000)
        row = max(rows, key=lambda one: one[1])
        said = self.browser.run(f'page.lanes.text_of(page.model.rows.of_task({row[3]})[0])')
        self.assertIn(f'Task {row[3]} · {make_report.FUNCTIONS[row[4]]} · finished after {row[1] / 1e6:.3g} s', said)
        self.assertIn(make_report.lane_name(row[2]), said)
        self.assertEqual(self.browser.run('document.querySelectorAll("#failed details").length'), min(8, len(picture['failed'])))
        self.browser.click('#failed summary')
        self.assertTrue(self.browser.is_shown('#failed details p.whole'))
        self.assertIn('Reads aligned', self.browser.text('#measures tbody').replace('reads', 'Reads'))
        self.assertIn('Mean round trip ms0.412', self.browser.text('#interface-facts'))
        self.assertEqual(self.browser.complaints(), [])

    def test_what_is_pointed_at_is_found(self):
        picture, rows = make_report.sample(2, 12_000)
        self.open_report(picture, rows)
        self.see(lambda: self.browser.run('page.model.rows.end') == len(rows), 'rows')
        for lane in (0, 1):
            of_lane = [row for row in rows if row[2] == lane]
            for part in (0, 0.1, 0.5, 0.99, 1.1):
                at = picture['now'] * 1e6 * part
                found = self.browser.run('page.model.rows.nearest(arguments[0], arguments[1], Infinity).id', lane, at)
                self.assertEqual(found, min(of_lane, key=lambda row: max(0, row[0] - at, at - row[0] - row[1]))[3])

    def test_hostile_names_do_nothing(self):
        picture, rows = make_report.sample(8, 500)
        hostile = json.loads(json.dumps(picture), object_hook=lambda one: {
            key: HOSTILE if isinstance(value, str) and key not in ('state',) else value for key, value in one.items()})
        hostile['lanes'] = [HOSTILE + str(lane) for lane in range(8)]
        hostile['functions'] = [HOSTILE] * 5
        for lane, worker in enumerate(hostile['status']['workers']):
            worker['name'] = hostile['lanes'][lane]
        hostile['status']['interface'] = {HOSTILE: HOSTILE}
        self.open_report(hostile, rows)
        self.see(lambda: self.is_drawn('#lanes-rows'), 'lanes')
        self.browser.click('#failed summary')
        self.browser.run('page.controls.explain(page.model.picture.failed[0].id); return 0;')
        self.see_text('#answer-text', 'onerror')
        self.assertIn(HOSTILE, self.browser.text('#workers'))
        self.assertIn(HOSTILE, self.browser.text('#program'))
        self.assert_not_hacked()
        self.browser.size(360, 740, is_phone=True)
        self.assert_fits(360)
        self.assertEqual(self.browser.complaints(), [])

    def test_it_fits_a_phone(self):
        self.browser.size(360, 740, is_phone=True)
        self.open_report(*make_report.sample(30, 1000))
        self.see(lambda: self.is_drawn('#lanes-rows'), 'lanes')
        self.assert_fits(360)
        small = self.browser.run('''return [...document.querySelectorAll('button, summary, input')].filter((one) => one.checkVisibility())
          .filter((one) => Math.min(one.offsetWidth, one.offsetHeight) < 22).map((one) => one.outerHTML.slice(0, 80));''')
        self.assertEqual(small, [], 'too small for a finger')

    def test_keys_are_enough(self):
        self.open_report(*make_report.sample(8, 300))
        self.see(lambda: self.is_drawn('#lanes-rows'), 'lanes')
        reached, unseen = [], []
        for _ in range(60):
            self.browser.press('tab')
            where, outline = self.browser.run('''const at = document.activeElement; const style = getComputedStyle(at);
              return [at.id || at.textContent.slice(0, 20), style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth)];''')
            if not self.browser.run('document.activeElement !== document.body'):
                break
            reached.append(where)
            if outline < 2:
                unseen.append(where)
        for wanted in ('lanes-in', 'lanes-all', 'lanes', 'chart-tasks', 'ask-number'):
            self.assertIn(wanted, reached)
        self.assertEqual(unseen, [], 'focus that is not to be seen')
        self.browser.run('document.getElementById("lanes").focus(); return 0;')
        self.browser.press('right', 'right')
        self.see_text('#lanes-said', r'^Task \d+ · ')
        first = self.browser.text('#lanes-said')
        self.browser.press('down')
        self.see(lambda: self.browser.text('#lanes-said') != first, 'another task')
        self.browser.press('+', '+', '+')
        self.see(lambda: self.browser.run('page.lanes.span') > 0, 'less time in sight')
        self.browser.press('enter')
        self.see_text('#answer-text', r'^Task \d+ · ')
        self.browser.press('0')
        self.assertEqual(self.browser.run('page.lanes.span'), 0)

    def test_two_fingers_zoom(self):
        self.browser.size(360, 740, is_phone=True)
        self.open_report(*make_report.sample(8, 300))
        self.see(lambda: self.is_drawn('#lanes-rows'), 'lanes')
        left, top = self.browser.run("""document.getElementById("lanes").scrollIntoView({block: "center"});
          const box = document.getElementById("lanes-rows").getBoundingClientRect(); return [Math.round(box.left), Math.round(box.top + 20)];""")
        self.browser.pinch((left + 100, top), (left + 140, top), 40)
        self.see(lambda: 0 < self.browser.run('page.lanes.span') < self.browser.run('page.lanes.view().end') * 0.6, 'less time in sight')
        self.see_text('#lanes-said', r'^(Task|node)')

    def test_it_is_dark_where_the_reader_likes_that(self):
        self.open_report(*make_report.sample(4, 100))
        pixel = 'const c = document.getElementById("lanes-rows"); return [...c.getContext("2d").getImageData(0, c.height - 1, 1, 1).data];'
        self.see(lambda: self.browser.run(pixel)[0] > 200, 'light lanes')
        self.browser.colours('dark')
        self.see(lambda: self.browser.run(pixel)[0] < 60, 'dark lanes')
        self.assertLess(self.browser.run('parseInt(getComputedStyle(document.body).backgroundColor.slice(4))'), 60)

    def test_many_tasks_are_few_elements(self):
        self.open_report(*make_report.sample(1000, 60_000))
        self.see(lambda: self.is_drawn('#lanes-rows'), 'lanes')
        self.assertEqual(self.browser.run('page.model.rows.end'), 60_000)
        self.assertLess(self.browser.run('document.querySelectorAll("*").length'), 3000)
        self.browser.run('for (const factor of [0.5, 0.5, 2, 0.1]) { page.lanes.zoom(factor, 0.3); page.lanes.draw(); } return 0;')
        self.assertTrue(self.is_drawn('#lanes-rows'))
        self.assertEqual(self.browser.complaints(), [])

    def test_nothing_keeps_people_out(self):
        script = axe_core()
        if not script:
            self.skipTest('axe-core is not to be had')
        for scheme in ('light', 'dark'):
            self.browser.colours(scheme, reduced_motion=True)
            self.open_report(*make_report.sample(8, 300))
            self.see(lambda: self.is_drawn('#lanes-rows'), 'lanes')
            self.browser.run('for (const one of document.querySelectorAll("details")) one.open = true; page.controls.explain(3); return 0;')
            self.assertEqual(violations(self.browser, script), [], scheme)

    def test_nothing_keeps_people_out_while_it_is_live(self):
        script = axe_core()
        if not script:
            self.skipTest('axe-core is not to be had')
        master = self.start()
        master.tell('long')
        self.browser.open(master.url)
        self.see_text('#running tbody', 'long')
        for scheme in ('light', 'dark'):
            self.browser.colours(scheme, reduced_motion=True)
            self.assertEqual(violations(self.browser, script), [], scheme)


def axe_core():
    """The text of axe-core's script; None if it cannot be had."""
    if not hasattr(axe_core, 'script'):
        axe_core.script = fetched_axe_core()
    return axe_core.script


def fetched_axe_core():
    if os.environ.get('AXE_CORE'):
        return Path(os.environ['AXE_CORE']).read_text()
    if not shutil.which('npm'):
        return None
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(['npm', 'pack', '--silent', 'axe-core@4'], cwd=folder, check=True, timeout=30, capture_output=True)
            subprocess.run(['tar', 'xf', next(Path(folder).glob('*.tgz')), 'package/axe.min.js'], cwd=folder, check=True)
        except (subprocess.SubprocessError, StopIteration):
            return None
        return (Path(folder) / 'package' / 'axe.min.js').read_text()


def violations(browser, script):
    """What axe-core finds that is serious or critical."""
    browser.run(script + '\nreturn 0;')
    return browser.run_async('''const found = await axe.run(document, {resultTypes: ['violations']});
      return found.violations.filter((one) => ['serious', 'critical'].includes(one.impact))
        .map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120) + ' ' + node.failureSummary).join(' | ')}`);''')


def main():
    global APP
    if not is_here():
        print('skipped: there is no chromium with its chromedriver')
        return 77
    arguments = sys.argv[1:]
    if arguments[:1] == ['--measure']:
        from measure_page import measure
        return measure()
    APP = arguments.pop(0)
    try:
        result = unittest.main(argv=[sys.argv[0], *arguments], exit=False, durations=None).result if sys.version_info >= (3, 12) else \
            unittest.main(argv=[sys.argv[0], *arguments], exit=False).result
    finally:
        if Page.browser:
            Page.browser.close()
    return 0 if result.wasSuccessful() else 1


if __name__ == '__main__':
    sys.exit(main())
