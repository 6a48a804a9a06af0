#!/usr/bin/env python3
"""Asks an emulated project what a real server (1.6.2) was asked, and compares the answers with that one's, byte by byte but for numbers, names,
places and the rest of PHP's stack.

  check_answers.py FOLDER URL KEY

The project has the application "pi", and no volunteers."""
import difflib
import os
import re
import sqlite3
import sys
import urllib.request

folder, url, key = sys.argv[1:4]
here = os.path.dirname(os.path.realpath(__file__))
differing = 0


def ask(handler, name, inside="", files=()):
    boundary = "-----------------boundary"
    request = f"<{name}>\n<authenticator>{key}</authenticator>\n{inside}</{name}>\n"
    body = f'--{boundary}\r\nContent-Disposition: form-data; name="request"\r\n\r\n{request}\r\n'.encode()
    for number, (file, data) in enumerate(files):
        body += (f'--{boundary}\r\nContent-Disposition: form-data; name="file_{number}"; filename="{file}"\r\n'
                 "Content-Type: application/octet-stream\r\n\r\n").encode() + data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    post = urllib.request.Request(url + "/" + handler, body, {"Content-Type": "multipart/form-data; boundary=" + boundary})
    with urllib.request.urlopen(post, timeout=30) as answer:
        return answer.read().decode()


def rpc(name, inside=""):
    return ask("submit_rpc_handler.php", name, inside)


def upload(name, data):
    return ask("job_file.php", "upload_files", f"<phys_name>{name}</phys_name>\n", [(name, data)])


def plain(text):
    text = text.replace(folder + "/download", "PROJECT/html/inc/../../download").replace(folder, "PROJECT")
    text = re.sub(r"\n#[0-9]+ .*", "", text)
    text = re.sub(r"(pi|pi_remote)_[0-9a-z]+_(batch[0-9]+|[0-9a-f]{32}_[0-9]+)", "NAME", text)
    text = re.sub(r"cap_hi_[0-9]|big[0-9]|nonesuch", "NAME", text).replace("pi_remote", "pi")
    text = re.sub(r"/[0-9a-f]{1,3}(?=[/\n])", "/HASH", text)
    text = re.sub(r"IN_PROGRESS|UNSENT", "STATUS", text)
    text = re.sub(r"[0-9]+(\.[0-9]+)?", "N", text)
    # As many jobs as one.
    text = re.sub(r"(        <job>\n.*?</job>\n)(        <job>\n.*?</job>\n)+", r"\1", text, flags=re.DOTALL)
    return re.sub(r"(    <job>\n.*?</job>\n)(    <job>\n.*?</job>\n)+", r"\1", text, flags=re.DOTALL)


def check(captured, answer):
    global differing
    with open(os.path.join(here, "answers", captured + ".txt"), encoding="utf-8") as file:
        wanted = plain(file.read())
    # Whoever captured them has put a line's end behind each.
    if wanted.rstrip("\n") != plain(answer).rstrip("\n"):
        differing += 1
        sys.stderr.writelines(difflib.unified_diff(wanted.splitlines(True), plain(answer).splitlines(True), "a real server: " + captured, "here"))


def sql(text, *values):
    connection = sqlite3.connect(os.path.join(folder, "jobs.db"), timeout=30)
    connection.execute(text, values)
    connection.commit()


check("bad_command", rpc("nothing_of_the_kind"))
check("create_batch_noapp", rpc("create_batch", "<app_name>nonesuch</app_name>\n"))
check("create_batch_dup", rpc("create_batch", "<app_name>pi</app_name>\n<batch_name>pi_0a_batch1</batch_name>\n"))
check("retire_none", rpc("retire_batch", "<batch_name>nonesuch</batch_name>\n"))
check("abort_jobs_none", rpc("abort_jobs", "<job_name>nonesuch</job_name>\n"))
check("qcj_none", rpc("query_completed_job", "<job_name>nonesuch</job_name>\n"))
check("query_batch2_none", rpc("query_batch2", "<batch_name>nonesuch</batch_name>\n"))
check("upload_ok", upload("cap_hi_1", b"hi\n"))
check("upload_again", upload("cap_hi_1", b"hi\n"))
check("upload_other_content", upload("cap_hi_1", b"ho\n"))
check("upload_3MB", upload("big3", bytes(3 << 20)))
check("upload_9MB", upload("big9", bytes(9 << 20)))

job = "pi_0a_" + "0" * 32 + "_1"
submitted = rpc("submit_batch", "<batch>\n<app_name>pi</app_name>\n<batch_id>1</batch_id>\n<input_template_filename>pi_in</input_template_filename>\n"
                "<output_template_filename>pi_out</output_template_filename>\n<job>\n<name>" + job + "</name>\n<priority>0</priority>\n"
                "<input_file>\n<mode>local_staged</mode>\n<source>cap_hi_1</source>\n</input_file>\n</job>\n</batch>\n")
if "<batch_id>1</batch_id>" not in submitted:
    sys.exit("nothing was submitted: " + submitted)
check("query_batch", rpc("query_batch", "<batch_name>pi_0a_batch1</batch_name>\n"))
check("query_batch2", rpc("query_batch2", "<batch_name>pi_0a_batch1</batch_name>\n"))
check("query_completed_job_error2", rpc("query_completed_job", f"<job_name>{job}</job_name>\n"))
check("abort_jobs_ok", rpc("abort_jobs", f"<job_name>{job}</job_name>\n"))
sql("UPDATE workunit SET canonical = 1")
check("query_completed_job_error", rpc("query_completed_job", f"<job_name>{job}</job_name>\n"))

download = os.path.join(folder, "download")
for closed in [download] + [os.path.join(download, name) for name in os.listdir(download)]:
    if os.path.isdir(closed):
        os.chmod(closed, 0o755)
        if not os.listdir(closed):
            os.rmdir(closed)
check("query_files_nowrite", ask("job_file.php", "query_files", "<phys_name>cap_hi_2</phys_name>\n"))
check("upload_nowrite", upload("cap_hi_2", b"hi\n"))
open(os.path.join(folder, "stop_web"), "w", encoding="utf-8").close()
check("stop_web", rpc("query_batch2", "<batch_name>pi_0a_batch1</batch_name>\n"))
sys.exit(differing > 0)
