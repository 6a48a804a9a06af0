#!/usr/bin/env python3
"""Writes a report as a master does, of a run that never was: the dashboard's page with its data in it.

    tests/dashboard/make_report.py FILE [--workers N] [--tasks N]

For looking at the page while it is changed, and for browser_test.py, which opens pages with as many rows as nobody wants
to wait for.
"""
import argparse
import base64
import json
import random
import re
import struct
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / 'src' / 'dashboard' / 'page'
MOST_ROWS = 65536  # in an answer of GET /rows
POLICY = ('<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; script-src \'unsafe-inline\'; '
          'style-src \'unsafe-inline\'; img-src data:; base-uri \'none\'; form-action \'none\'">')
FUNCTIONS = ['simulate(std::uint64_t, double)', 'fit_curve', 'bowtie2 -x genome reads.fq', 'merge_parts', 'summarise']


def bare(name):
    """A script or style of the page as a program has it: without comments that fill lines, and without indentation."""
    text = re.sub(r'^ *(//.*|/\*.*?\*/)$', '', (PAGE / name).read_text(), flags=re.M)
    return ''.join(line.lstrip(' ') + '\n' for line in text.splitlines() if line.strip())


def page_script():
    """The page's scripts in one, as cmake/EmbedPageFiles.cmake joins them."""
    return "'use strict';\n" + ''.join(map(bare, (PAGE / 'scripts.txt').read_text().split()))


def rows_answer(first, rows):
    """An answer of GET /rows. A row: start and run time in µs, lane, task, function, state, attempt."""
    packed = b''.join(struct.pack('<QIIIHBB', *row) for row in rows)
    return struct.pack('<QII', first, len(rows), 0) + packed


def answers(rows):
    return [rows_answer(at, rows[at:at + MOST_ROWS]) for at in range(0, len(rows), MOST_ROWS)]


def report(picture, rows):
    """The whole file."""
    html = (PAGE / 'index.html').read_text()
    data = json.dumps(picture).replace('<', '\\u003c')
    blobs = '\n'.join(base64.b64encode(answer).decode() for answer in answers(rows))
    scripts = (f'<script type="application/json" id="data">{data}</script>\n<script type="text/plain" id="rows">{blobs}</script>\n'
               f'<script>{page_script()}</script>')
    for line, replacement in (('<link rel="stylesheet" href="page.css">', f'{POLICY}\n<style>{bare("page.css")}</style>'),
                              ('<script src="page.js"></script>', scripts)):
        assert html.count(line) == 1, line
        html = html.replace(line, replacement)
    return html


def sample_rows(workers, tasks, random_source):
    """Workers that are busy most of the time, with tasks of several kinds; in the order in which they end."""
    free = [random_source.uniform(0, 0.2e6) for _ in range(workers)]
    speed = [random_source.choice([1, 1, 1, 1.6]) for _ in range(workers)]
    rows = []
    for task in range(1, tasks + 1):
        lane = min(range(workers), key=free.__getitem__) if workers <= 64 else (task * 7919) % workers
        function = 0 if task % 9 else random_source.randrange(len(FUNCTIONS))
        mean = (0.4e6, 1.1e6, 2.5e6, 0.3e6, 0.1e6)[function]
        run = int(mean * random_source.lognormvariate(0, 0.35) * speed[lane])
        draw = random_source.random()
        state = 1 if draw < 0.006 else 2 if draw < 0.008 else 3 if draw < 0.009 else 0
        start = int(free[lane] + random_source.expovariate(1 / 30e3))
        rows.append((start, run, lane, task, function, state, 2 if draw > 0.98 else 1))
        free[lane] = start + run
    return sorted(rows, key=lambda row: row[0] + row[1])


def sample_series(rows, end, workers, points=400):
    series = {name: [] for name in ('t', 'waiting', 'running', 'finished', 'errors', 'cancelled', 'workers')}
    counts, at = [0, 0, 0, 0], 0
    for point in range(points + 1):
        now = end * point / points
        while at < len(rows) and rows[at][0] + rows[at][1] <= now * 1e6:
            counts[min(rows[at][5], 3)] += 1
            at += 1
        ended = sum(counts)
        running = min(workers, len(rows) - ended)
        for name, value in (('t', now), ('running', running), ('waiting', len(rows) - ended - running), ('finished', counts[0]),
                            ('errors', counts[1] + counts[3]), ('cancelled', counts[2]), ('workers', workers)):
            series[name].append(value)
    return series


def sample_functions(rows):
    found = []
    for number, name in enumerate(FUNCTIONS):
        times = sorted(row[1] / 1e6 for row in rows if row[4] == number and row[5] == 0)
        if times:
            states = [row[5] for row in rows if row[4] == number]
            found.append({'name': name, 'finished': len(times), 'errors': states.count(1) + states.count(3), 'cancelled': states.count(2),
                          'total_seconds': sum(times), 'max_seconds': times[-1], 'min_seconds': times[0],
                          'p50_seconds': times[len(times) // 2], 'p99_seconds': times[len(times) * 99 // 100]})
    return found


def sample_workers(rows, workers, end):
    busy, done = [0.0] * workers, [0] * workers
    for row in rows:
        busy[row[2]] += row[1] / 1e6
        done[row[2]] += 1
    return [{'name': lane_name(lane), 'host': f'node-{lane // 4 + 1:03}', 'platform': 'Linux-x86_64', 'version': '0.9.0', 'pid': 4000 + lane,
             'slots': 1, 'cores': 1, 'memory': 4 << 30, 'gpus': [], 'labels': [], 'state': 'lost' if lane == 5 else 'idle',
             'note': 'its process ended with signal 9' if lane == 5 else '', 'running': [], 'done': done[lane], 'lost': int(lane == 5),
             'busy_seconds': busy[lane], 'ready_seconds': 0.2} for lane in range(workers)]


def lane_name(lane):
    return f'node-{lane // 4 + 1:03} worker {lane % 4 + 1}'


def sample(workers=8, tasks=2000, seed=19):
    """A picture, and its rows."""
    rows = sample_rows(workers, tasks, random.Random(seed))
    end = max(row[0] + row[1] for row in rows) / 1e6
    states = [row[5] for row in rows]
    failed = [row for row in rows if row[5] in (1, 3)][::-1][:100]
    picture = {
        'program': 'genome_fit', 'command': './genome_fit --samples 40 --interface tcp:0', 'host': 'login-1', 'pid': 4711, 'version': '0.9.0',
        'interface': 'tcp:0', 'started': 1764300000.0, 'now': end, 'state': 'ended', 'can_scale': True, 'estimate': None,
        'status': {
            'tasks': tasks, 'submitted': 0, 'running': 0, 'finished': states.count(0), 'errors': states.count(1) + states.count(3),
            'cancelled': states.count(2), 'unread': 0, 'found': 0, 'attempts': tasks + 9, 'retries': 7, 'lost': 2, 'copies': 1, 'seconds': end,
            'ready_seconds': 0.1, 'start_up_seconds': 0.2, 'functions': sample_functions(rows), 'workers': sample_workers(rows, workers, end),
            'measures': [{'name': 'reads aligned', 'kind': 'count', 'count': 410, 'sum': 81234567, 'min': 1200, 'max': 410000, 'p50': 190000,
                          'p99': 400000},
                         {'name': 'load index', 'kind': 'time', 'count': 410, 'sum': 31.4, 'min': 0.04, 'max': 0.31, 'p50': 0.07, 'p99': 0.28}],
            'is_paused': False, 'cores': workers, 'interface_name': 'tcp', 'interface_status': 'ok',
            'interface': {'listens_at': '0.0.0.0:4242', 'nodes': (workers + 3) // 4, 'bytes_sent': 81273612, 'is_encrypted': True,
                          'mean_round_trip_ms': 0.412}},
        'series': sample_series(rows, end, workers),
        'slowest': [{'id': row[3], 'name': FUNCTIONS[row[4]], 'worker': lane_name(row[2]), 'seconds': row[1] / 1e6, 'start': row[0] / 1e6,
                     'state': ('finished', 'error', 'cancelled', 'lost')[row[5]]} for row in sorted(rows, key=lambda row: -row[1])[:100]],
        'failed': [{'id': row[3], 'name': FUNCTIONS[row[4]], 'worker': lane_name(row[2]), 'host': f'node-{row[2] // 4 + 1:03}',
                    'cause': 'exception' if row[5] == 1 else 'worker_lost', 'message': 'the fit did not converge after 200 steps' if row[5] == 1
                    else 'its worker died under it: signal 9', 'attempts': row[6],
                    'err': 'step 199: residual 0.0412\nstep 200: residual 0.0411\n' if row[5] == 1 else '',
                    'time': (row[0] + row[1]) / 1e6} for row in failed],
        'lanes': [lane_name(lane) for lane in range(workers)], 'functions': FUNCTIONS, 'rows_end': len(rows), 'not_drawn': 0}
    return picture, rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('file', type=Path)
    parser.add_argument('--workers', type=int, default=8)
    parser.add_argument('--tasks', type=int, default=2000)
    arguments = parser.parse_args()
    arguments.file.write_text(report(*sample(arguments.workers, arguments.tasks)))


if __name__ == '__main__':
    main()
