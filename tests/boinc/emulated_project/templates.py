"""Templates, as BOINC's tools read them (tools/process_input_template.cpp), and what comes of them, as its client reads it
(client/client_types.cpp, lib/parse.cpp)."""
import re


class Refused(Exception):
    """What a tool says before it ends."""


class ReplyLost(Exception):
    """The client throws away the whole reply."""


def tokens(text):
    return re.findall(r"<([^<>]*)>|([^<>]+)", text)


class Tags:
    """The next tag, the text up to the next one, an element to be copied."""

    def __init__(self, text):
        self.words = [(tag, data) for tag, data in tokens(text) if tag or data.strip()]
        self.at = 0

    def tag(self):
        while self.at < len(self.words):
            tag, _ = self.words[self.at]
            self.at += 1
            if tag and not tag.startswith(("?", "!")):
                return tag
        return None

    def text(self, name):
        """Of the element that the parser stands in."""
        data = ""
        if self.words[self.at][1]:
            data = self.words[self.at][1].strip()
            self.at += 1
        if self.words[self.at][0] != "/" + name:
            raise Refused("process_input_template(): unexpected XML tag or syntax")
        self.at += 1
        return data

    def copy(self, tag):
        if tag.endswith("/"):
            return f"<{tag}>"
        if "/" in tag:
            raise Refused("process_input_template(): unexpected XML tag or syntax")
        out = f"<{tag}>"
        while self.at < len(self.words):
            word, data = self.words[self.at]
            self.at += 1
            out += f"<{word}>" if word else data
            if word == "/" + tag:
                return out
        raise Refused("process_input_template(): unexpected XML tag or syntax")


COUNTS = ("rsc_fpops_est", "rsc_fpops_bound", "rsc_memory_bound", "rsc_disk_bound", "delay_bound", "min_quorum", "target_nresults",
          "max_error_results", "max_total_results", "max_success_results")


def process_input_template(text, files):
    """`files`: (name, url, md5, nbytes). The workunit's xml_doc, and what the template says about it: that beats the options."""
    tags = Tags(text)
    out, said, used = "", {}, 0
    infos = text.count("<file_info>")
    if infos != len(files):
        raise Refused(f"process_input_template: {len(files)} input files given, but template has {infos}\n"
                      "process_input_template(): unexpected XML tag or syntax")
    while (tag := tags.tag()) is not None:
        if tag == "file_info":
            out += "<file_info>\n"
            while (tag := tags.tag()) != "/file_info":
                if tag is None:
                    raise Refused("process_input_template(): unexpected XML tag or syntax")
                out += tags.copy(tag) + "\n"
            name, url, md5, nbytes = files[used]
            used += 1
            out += f"    <name>{name}</name>\n    <url>{url}</url>\n    <md5_cksum>{md5}</md5_cksum>\n    <nbytes>{nbytes}</nbytes>\n</file_info>\n"
        elif tag == "workunit":
            out += "<workunit>\n<command_line>\n\n</command_line>\n"
            references = 0
            while (tag := tags.tag()) != "/workunit":
                if tag is None:
                    raise Refused("process_input_template(): unexpected XML tag or syntax")
                if tag == "file_ref":
                    if references >= used:
                        raise Refused("too many <file_ref>s")
                    out += f"<file_ref>\n    <file_name>{files[references][0]}</file_name>\n"
                    references += 1
                    while (tag := tags.tag()) != "/file_ref":
                        out += f"    <open_name>{tags.text(tag)}</open_name>\n" if tag == "open_name" else tags.copy(tag) + "\n"
                    out += "</file_ref>\n"
                elif tag in COUNTS:
                    said[tag] = float(tags.text(tag))
                else:
                    out += tags.copy(tag) + "\n"
            out += "</workunit>"
    return out, said


FLAGS = ("executable", "uploaded", "upload_when_present", "sticky", "generated_locally", "gzip_when_done", "signature_required", "no_delete",
         "report_on_rpc", "optional", "no_validate", "copy_file", "main_program")


def read_as_client(xml_doc):
    """[(open name, file name, md5, nbytes)] of a workunit's xml_doc; ReplyLost where the client's parser gives up: a flag is <x/> or
    <x>1</x>, and one that is <x></x> is looked for an end that never comes."""
    for flag in FLAGS:
        if f"<{flag}></{flag}>" in xml_doc or f"<{flag} />" in xml_doc:
            raise ReplyLost(f"can't parse file info in scheduler reply: unexpected XML tag or syntax (<{flag}>)")
    files = {}
    for info in re.findall(r"<file_info>(.*?)</file_info>", xml_doc, re.DOTALL):
        get = {name: re.search(f"<{name}>([^<]*)</{name}>", info).group(1) for name in ("name", "md5_cksum", "nbytes")}
        files[get["name"]] = (get["name"], get["md5_cksum"], int(get["nbytes"]))
    references = re.findall(r"<file_ref>\s*<file_name>([^<]*)</file_name>\s*<open_name>([^<]*)</open_name>\s*</file_ref>", xml_doc)
    return [(open_name, *files[name]) for name, open_name in references]
