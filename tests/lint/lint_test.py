#!/usr/bin/env python3
"""What tools/lint finds: small trees of sources with a table of rooms, each with one thing wrong.   lint_test.py PATH-OF-LINT"""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

LINT = Path(sys.argv.pop(1)).resolve()

PAGE = """# A house

| room | job | may include |
| --- | --- | --- |
| `include/mw` | the API | – |
| `src/wire` | bytes | `include/mw` |
| `src/master` | decides | `src/wire` |
| `src/master/loop` | waits | `include/mw` `boost/asio` |
| `interfaces/one` | a backend | `src/master` |
| `interfaces/two` | another | `src/master` `boost/asio` |
| `apps` | users | `include/mw` |
| `tests` | anything | everything |
"""
TREE = {
    'include/mw/mw.hpp': '#include <vector>',
    'src/wire/frame.hpp': '#include <mw/mw.hpp>',
    'src/master/master.cpp': '#include "wire/frame.hpp"',
    'src/master/loop.cpp': '#include <boost/asio/io_context.hpp>',
    'interfaces/one/one.cpp': '#include "wire/frame.hpp"',
    'interfaces/one/one.hpp': '',
    'interfaces/two/two.cpp': '#include <boost/asio.hpp>',
    'apps/app.cpp': '#include <mw/mw.hpp>',
    'tests/test.cpp': '#include <boost/asio.hpp>\n#include "one/one.hpp"',
}


def lint(changes=None, page=PAGE):
    """The status and what was said about TREE with changes."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / 'ARCHITECTURE.md').write_text(page)
        for name, text in {**TREE, **(changes or {})}.items():
            if text is not None:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text + '\n')
        run = subprocess.run([LINT, '--root', root], capture_output=True, text=True)
        return run.returncode, run.stderr


class LintTest(unittest.TestCase):
    def found(self, expected, changes=None, page=PAGE):
        status, said = lint(changes, page)
        self.assertEqual(status, 1, said)
        self.assertIn(expected, said)
        self.assertTrue(said.splitlines()[-1].startswith('tools/lint: 1 found'), said)

    def test_a_tree_that_keeps_to_its_table_passes(self):
        self.assertEqual(lint(), (0, ''))

    def test_an_include_against_the_direction_is_found(self):
        self.found('src/wire/frame.hpp:2: #include master/master.hpp: `src/wire` may not include `src/master`',
                   {'src/wire/frame.hpp': '// bytes\n#include "master/master.hpp"', 'src/master/master.hpp': ''})

    def test_an_include_beside_the_file_is_found_too(self):
        self.found('may not include `src/wire`', {'apps/app.cpp': '#include "../src/wire/frame.hpp"'})

    def test_an_application_sees_the_public_headers_only(self):
        self.found('apps/app.cpp:1', {'apps/app.cpp': '# include <wire/frame.hpp>'})

    def test_a_backend_that_includes_another_is_found(self):
        self.found('a backend knows no other backend, and two includes one', {'interfaces/two/two.cpp': '#include "one/one.hpp"'})

    def test_a_backend_that_includes_another_is_found_whatever_the_table_says(self):
        self.found('a backend knows no other backend', {'interfaces/two/two.cpp': '#include "one/one.hpp"\n#include <boost/asio.hpp>'},
                   PAGE.replace('| another | `src/master`', '| another | `src/master` `interfaces/one`'))

    def test_a_library_is_included_only_where_the_row_itself_names_it(self):
        self.found('`src/master` may not include `boost/asio`', {'src/master/master.cpp': '#include <boost/asio/post.hpp>'})
        self.found('`interfaces/one` may not include `boost/asio`', {'interfaces/one/one.cpp': '#include <boost/asio.hpp>'})

    def test_rooms_in_a_circle_are_found(self):
        self.found('in a circle: src/master, src/wire', page=PAGE.replace('| bytes | `include/mw`', '| bytes | `include/mw` `src/master`'))

    def test_a_file_without_a_room_is_found(self):
        self.found('src/new/new.cpp: no row', {'src/new/new.cpp': ''})

    def test_a_row_without_a_file_is_found(self):
        self.found('no file belongs to the room "apps"', {'apps/app.cpp': None})

    def test_a_row_that_names_a_room_without_a_row_is_found(self):
        self.found('"src/wire" may include "src/log", which has no row', page=PAGE.replace('| bytes | `include/mw`', '| bytes | `src/log` `include/mw`'))

    def test_a_page_without_a_table_is_found(self):
        self.found('there is no table', page='# A house\n')

    def test_prose_has_120_columns_at_most_and_code_is_clang_formats(self):
        wide = 'word ' * 25
        self.found('apps/app.cpp:2: a comment of 127 columns', {'apps/app.cpp': f'int i;\n//{wide}'})
        self.assertEqual(lint({'apps/app.cpp': f'const char* text = "{wide}";', 'apps/url.hpp': '// https://' + 'x' * 150}), (0, ''))

    def test_cannot_is_one_word(self):
        self.found('apps/app.cpp:1: "cannot" is one word', {'apps/app.cpp': 'const char* why = "it can' ' not be read";'})

    def test_a_file_has_450_lines_at_most_but_for_tests(self):
        long = 'int i;\n' * 450
        self.found('apps/app.cpp: 451 lines', {'apps/app.cpp': long + 'int i;'})
        self.assertEqual(lint({'tests/test.cpp': long + 'int i;'}), (0, ''))

    def test_a_case_that_holds_a_promise_is_listed_there_and_the_other_way_round(self):
        case = 'TEST_CASE("S2: who has the key comes in, and nobody "\n    "else", "[net][S2]") {}'
        page = '# Promises\n\n**S2.** A key.\n\n- [`net/a_test.cpp`](../tests/net/a_test.cpp): “who has the key\n  comes in, and nobody else”\n'
        self.assertEqual(lint({'tests/net/a_test.cpp': case, 'docs/promises.md': page}), (0, ''))
        self.found('tests/net/a_test.cpp: "who has the key comes in, and nobody else" holds S2', {'tests/net/a_test.cpp': case, 'docs/promises.md': '# Promises'})
        self.found('docs/promises.md: S2: tests/net/a_test.cpp has no case "who has the key', {'docs/promises.md': page})
        self.found('docs/promises.md: S2', {'tests/net/a_test.cpp': case.replace('[S2]', ''), 'docs/promises.md': page})


if __name__ == '__main__':
    unittest.main()
