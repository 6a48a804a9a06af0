#!/usr/bin/env python3
"""pages_test.py BUILD-FOLDER SOURCE-FOLDER COMPILER: what the pages say is so.

Installs CppMW, and goes through the pages from top to bottom. A block of C++ whose first line names a file becomes that
file; one marked "prelude" is put before the later ones; any other becomes the inside of a main() with a master on
multicore:2, and is run. A block of Python whose first line names a file becomes that file. A block of sh is run, in one folder for a page. A block of text is what those before it have
printed; "…" stands for anything. Links to files must lead to one.
"""
import os
import re
import subprocess
import sys
import tempfile

FRAME = """#include <chrono>
#include <cstdio>
#include <string>
#include <vector>
#include <mw/mw.hpp>
%s
int main(int argc, char** argv) {
  mw::init(argc, argv);
  mw::Master master{mw::interface("multicore:2")};
%s}
"""


def fails(page, what, text=""):
    sys.exit(f"{page}: {what}\n{text}")


def blocks_of(path):
    """(language, rest of the line, text) of each fenced block."""
    with open(path, encoding="utf-8") as file:
        for match in re.finditer(r"^```(\w*) ?(.*)\n((?:.*\n)*?)```$", file.read(), re.M):
            yield match.groups()


class Page:
    def __init__(self, path, folder, environment, compiler):
        self.name, self.path, self.folder = os.path.basename(path), path, folder
        self.environment, self.compiler = environment, compiler
        self.prelude, self.printed, self.count = "", "", 0

    def shell(self, text):
        ran = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=self.folder, env=self.environment, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
        if ran.returncode != 0:
            fails(self.name, f"status {ran.returncode} of:\n{text}", ran.stdout + ran.stderr)
        self.printed += ran.stdout

    def cpp(self, mark, text):
        name = re.match(r"// (\S+\.cpp)\n", text)
        if mark == "prelude":
            self.prelude += text
        elif name:
            with open(os.path.join(self.folder, name[1]), "w", encoding="utf-8") as file:
                file.write(text)
        else:
            self.count += 1
            with open(os.path.join(self.folder, f"block{self.count}.cpp"), "w", encoding="utf-8") as file:
                file.write(FRAME % (self.prelude, text))
            self.shell(f"{self.compiler} -std=c++20 -o block{self.count} block{self.count}.cpp "
                       f"$(pkg-config --cflags --libs cppmw) && ./block{self.count}")

    def python(self, text):
        """A file where its first line names one; else it compiles."""
        name = re.match(r"# (\S+\.py)\n", text)
        if name:
            with open(os.path.join(self.folder, name[1]), "w", encoding="utf-8") as file:
                file.write(text)
        else:
            compile(text, self.name, "exec")

    def text(self, want):
        pattern = re.escape(want).replace(re.escape("…"), r"(?s:.*?)")
        if not re.fullmatch(pattern, self.printed):
            fails(self.name, "another output than the page has", f"the page:\n{want}\nprinted:\n{self.printed}")
        self.printed = ""

    def check(self, has_mpi):
        for language, mark, text in blocks_of(self.path):
            if language == "cpp":
                self.cpp(mark, text)
            elif language == "python":
                self.python(text)
            elif language == "sh" and not (mark == "mpi" and not has_mpi):
                self.shell(text)
            elif language == "text" and self.printed:
                self.text(text)
        if self.printed:
            fails(self.name, "printed, and not in the page", self.printed)


def check_links(path):
    """Files that a page names are there."""
    with open(path, encoding="utf-8") as file:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read()):
            if not os.path.exists(os.path.join(os.path.dirname(path), target)):
                fails(path, f"a link to {target}, which is not there")


def main():
    build, source, compiler = sys.argv[1:4]
    pages = [os.path.join(folder, name) for folder, _, names in os.walk(source) for name in names
             if name.endswith(".md") and "build" not in os.path.relpath(folder, source).split(os.sep)]
    for page in pages:
        check_links(page)
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, "prefix")
        subprocess.run(["cmake", "--install", build, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
        environment = dict(os.environ, PATH=f"{prefix}/bin:{os.environ['PATH']}", PKG_CONFIG_PATH=f"{prefix}/lib/pkgconfig",
                           CXX=compiler, TMPDIR=folder)
        has_mpi = os.path.exists(f"{prefix}/libexec/cppmw/mw_mpi_rank")
        for name in ("tutorial", "coming-from", "python-workers", "seeing"):
            work = os.path.join(folder, name)
            os.mkdir(work)
            Page(os.path.join(source, "docs", f"{name}.md"), work, environment, compiler).check(has_mpi)
            print(f"docs/{name}.md is as it says")


if __name__ == "__main__":
    main()
