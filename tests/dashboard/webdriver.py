"""A browser, driven over the W3C's WebDriver protocol: Chromium without a window, by its chromedriver."""
import base64
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'
OTHER_NAME = 'rebound.example'  # a name that leads to this machine, as a hostile DNS server could have it
KEYS = {'tab': '\ue004', 'enter': '\ue007', 'left': '\ue012', 'up': '\ue013', 'right': '\ue014', 'down': '\ue015', 'shift': '\ue008',
        'control': '\ue009', 'home': '\ue011', 'escape': '\ue00c', 'space': ' '}


def is_here():
    return bool(shutil.which('chromedriver') and shutil.which('chromium'))


class Failure(Exception):
    """What the browser answered instead of doing it."""


class Browser:
    """One window. Use it in a with statement, so that no browser is left."""

    def __init__(self, width=1280, height=900):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            self.port = free.getsockname()[1]
        self.driver = subprocess.Popen(['chromedriver', f'--port={self.port}', '--log-level=SEVERE'], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env={**os.environ, 'HOME': self.folder.name, 'TMPDIR': self.folder.name},
                                       start_new_session=True)
        self.session = None
        try:
            wait_for(self._is_ready, 20, 'chromedriver to listen')
            self._start(width, height)
        except BaseException:
            self.close()
            raise

    def _is_ready(self):
        try:
            return self._ask('GET', '/status')['ready']
        except (OSError, http.client.HTTPException):
            return False

    def _start(self, width, height):
        arguments = ['--headless=new', '--no-first-run', '--disable-gpu', '--disable-dev-shm-usage', '--enable-precise-memory-info',
                     '--hide-scrollbars', '--no-proxy-server', f'--host-resolver-rules=MAP {OTHER_NAME} 127.0.0.1', f'--window-size={width},{height}']
        if os.geteuid() == 0:
            arguments.append('--no-sandbox')
        options = {'args': arguments, 'binary': shutil.which('chromium')}
        wanted = {'browserName': 'chrome', 'goog:chromeOptions': options, 'goog:loggingPrefs': {'browser': 'ALL'}, 'pageLoadStrategy': 'eager'}
        self.session = self._ask('POST', '/session', {'capabilities': {'alwaysMatch': wanted}})['sessionId']

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=120)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, {'Content-Type': 'application/json'})
            value = json.loads(connection.getresponse().read())['value']
        finally:
            connection.close()
        if isinstance(value, dict) and 'error' in value:
            raise Failure(f'{method} {path}: {value["error"]}: {value.get("message", "")[:400]}')
        return value

    def ask(self, method, path, body=None):
        return self._ask(method, f'/session/{self.session}{path}', body)

    def close(self):
        try:
            if self.session:
                self.ask('DELETE', '')
        except (OSError, Failure, http.client.HTTPException):
            pass
        self.driver.terminate()
        try:
            self.driver.wait(10)
        except subprocess.TimeoutExpired:
            self.driver.kill()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def open(self, url):
        self.ask('POST', '/url', {'url': url})

    def run(self, script, *arguments):
        """What a script returns; an expression is one, too."""
        if 'return' not in script:
            script = f'return ({script})'
        return self.ask('POST', '/execute/sync', {'script': script, 'args': list(arguments)})

    def run_async(self, script, *arguments):
        """What the promise comes to that an async function's body returns."""
        script = ('const done = arguments[arguments.length - 1]; const given = [...arguments].slice(0, -1);'
                  f'(async (...given) => {{ {script} }})(...given).then(done, (error) => done("error: " + error));')
        return self.ask('POST', '/execute/async', {'script': script, 'args': list(arguments)})

    def devtools(self, command, **parameters):
        return self.ask('POST', '/goog/cdp/execute', {'cmd': command, 'params': parameters})

    def text(self, selector):
        return self.run('document.querySelector(arguments[0])?.textContent ?? ""', selector)

    def is_shown(self, selector):
        return self.run('!!document.querySelector(arguments[0])?.checkVisibility({visibilityProperty: true})', selector)

    def click(self, selector):
        element = self.ask('POST', '/element', {'using': 'css selector', 'value': selector})[ELEMENT]
        self.ask('POST', f'/element/{element}/click', {})

    def press(self, *keys, holding=None):
        """Presses keys, one after the other, wherever the focus is."""
        actions = [{'type': kind, 'value': KEYS.get(key, key)} for key in keys for kind in ('keyDown', 'keyUp')]
        if holding:
            actions = [{'type': 'keyDown', 'value': KEYS[holding]}, *actions, {'type': 'keyUp', 'value': KEYS[holding]}]
        self.ask('POST', '/actions', {'actions': [{'type': 'key', 'id': 'keys', 'actions': actions}]})

    def pinch(self, one, other, by):
        """Two fingers touch, and move apart, each `by` pixels."""
        def finger(name, at, to):
            return {'type': 'pointer', 'id': name, 'parameters': {'pointerType': 'touch'}, 'actions': [
                {'type': 'pointerMove', 'x': at[0], 'y': at[1]}, {'type': 'pointerDown', 'button': 0},
                {'type': 'pointerMove', 'x': to[0], 'y': to[1], 'duration': 80}, {'type': 'pointerUp', 'button': 0}]}
        left, right = sorted((one, other))
        self.ask('POST', '/actions', {'actions': [finger('one', left, (left[0] - by, left[1])), finger('two', right, (right[0] + by, right[1]))]})

    def size(self, width, height, is_phone=False):
        self.devtools('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=2 if is_phone else 1, mobile=is_phone)

    def colours(self, scheme, reduced_motion=False):
        features = [{'name': 'prefers-color-scheme', 'value': scheme},
                    {'name': 'prefers-reduced-motion', 'value': 'reduce' if reduced_motion else 'no-preference'}]
        self.devtools('Emulation.setEmulatedMedia', features=features)

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.ask('GET', '/screenshot')))

    def complaints(self):
        """What the console said since this was asked last."""
        return [entry['message'] for entry in self.ask('POST', '/se/log', {'type': 'browser'}) if entry['level'] in ('SEVERE', 'WARNING')]


def wait_for(condition, seconds, what):
    """What the condition returns, once that is true."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f'waited {seconds} s for {what}')
        time.sleep(0.03)
