"""What Doxygen reads in place of a Markdown page: doxygen_filter.py PAGE.

On the pages, links lead where GitHub has it: to files, and to headings by their words. Doxygen wants names. So each
heading gets one, made of its page and its words, and each link leads to such a name; what is no part of the reference
(source files) is named and not linked.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def page_name(path):
    return re.sub(r"[^a-z0-9]+", "_", os.path.relpath(path, ROOT).lower().removesuffix(".md"))


def slug(words):
    words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", words)
    return re.sub(r"[^\w\- ]", "", words.lower()).strip().replace(" ", "-")


def lead(link, path):
    """The link for Doxygen; None if there is none."""
    target, _, heading = link.partition("#")
    if re.match(r"[a-z]+:", link):
        return link
    there = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
    if there.endswith(".md") and os.path.exists(there):
        if there == os.path.join(ROOT, "README.md") and not heading:
            return "index.html"
        return "#" + page_name(there) + ("-" + heading if heading else "")
    if there.endswith(".png"):
        return os.path.basename(there)
    if there.startswith(os.path.join(ROOT, "include", "mw")) and "/detail/" not in there and there.endswith(".hpp"):
        return os.path.relpath(there, os.path.join(ROOT, "include"))
    return None


def translated(line, path):
    def link(match):
        target = lead(match[2], path)
        if target is None:
            return match[1]
        # Doxygen does not resolve names of headers in links; as words it does.
        return match[1] if target.endswith(".hpp") else f"[{match[1]}]({target})"

    return re.sub(r"(?<!!)\[((?:[^][]|\[[^]]*\])*)\]\(([^)\s]+)\)", link, line)


def main(path):
    path = os.path.abspath(path)
    in_code = False
    paragraph = []
    seen = {}

    def flush():
        if paragraph:
            print(translated("\n".join(paragraph), path))
            paragraph.clear()

    with open(path, encoding="utf-8") as page:
        for line in page.read().split("\n"):
            if line.startswith("```"):
                in_code = not in_code
            heading = None if in_code else re.match(r"(#+) (.*)", line)
            if in_code or line.startswith("```") or heading or not line.strip():
                flush()
                if heading and len(heading[1]) == 1:
                    is_first = path == os.path.join(ROOT, "README.md")
                    print(f"# {heading[2].replace('`', '')} {{#{'mainpage' if is_first else page_name(path)}}}")
                elif heading:
                    name = slug(heading[2])
                    seen[name] = seen.get(name, -1) + 1
                    number = f"-{seen[name]}" if seen[name] else ""
                    print(f"{heading[1]} {translated(heading[2], path)} {{#{page_name(path)}-{name}{number}}}")
                else:
                    print(line)
            else:
                paragraph.append(line)
        flush()


main(sys.argv[1])
