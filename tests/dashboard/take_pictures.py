#!/usr/bin/env python3
"""Takes the pictures of the dashboard that are in docs/images, of a run of watched_app.

    take_pictures.py WATCHED_APP FOLDER
"""
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from webdriver import Browser, wait_for

KINDS = (('align', 0.55, 260), ('count', 0.25, 90), ('fit', 0.16, 520), ('plot', 0.04, 150))  # name, share, mean milliseconds


def some_tasks(count):
    source = random.Random(5)
    for number in range(count):
        name, _, mean = source.choices(KINDS, [share for _, share, _ in KINDS])[0]
        yield 'stray' if number % 83 == 41 else f'task {name} {int(mean * source.lognormvariate(0, 0.4))}'


def main():
    app, folder = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as reports, Browser() as browser:
        program = shutil.copy(app, reports + '/genomes')
        master = subprocess.Popen([program, reports + '/report.html', 'multicore:8'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        try:
            url = master.stdout.readline().strip()
            master.stdin.write('\n'.join(some_tasks(900)) + '\n')
            master.stdin.flush()
            browser.size(1200, 930)
            browser.colours('light', reduced_motion=True)
            browser.open(url)
            wait_for(lambda: int(browser.text('#count-finished').replace(',', '').replace('–', '0')) > 560, 120, 'most of the tasks')
            browser.picture(folder / 'dashboard.png')
            browser.size(360, 720, is_phone=True)
            browser.colours('dark', reduced_motion=True)
            wait_for(lambda: browser.run('document.getElementById("lanes-rows").getBoundingClientRect().right') <= 360, 5, 'smaller lanes')
            browser.run('page.lanes.show_latest(); page.lanes.draw(); return 0;')
            browser.picture(folder / 'dashboard-phone.png')
        finally:
            master.kill()
            master.wait()
    return 0


if __name__ == '__main__':
    sys.exit(main())
