"""The emulated project's scheduler and upload handler, as far as BOINC's stock client needs them."""
import functools
import os
import re
import threading
import time
import xml.etree.ElementTree as tree

import signing
from project import database, hash_folder, hier_path, md5_of, transaction, value
from transitioner import transition

MOST_AT_ONCE = 4
only_one_key = threading.Lock()
SUCCESS = "5"  # RESULT_FILES_UPLOADED


@functools.lru_cache
def made_key():
    return signing.Key()


def key():
    with only_one_key:
        return made_key()


def master_page(url):
    return f"<html><head><!-- <scheduler>{url}cgi</scheduler> --></head><body>pool</body></html>\n"


def app_files(folder, app):
    """(version, platform, path) of the newest version."""
    root = os.path.join(folder, "apps", app)
    version = max(os.listdir(root), key=lambda name: [int(part) for part in name.split(".")])
    for platform in os.listdir(os.path.join(root, version)):
        for file in os.listdir(os.path.join(root, version, platform)):
            if file != "version.xml":
                yield version, platform, os.path.join(root, version, platform, file)


def app_version(folder, app):
    version, platform, path = next(app_files(folder, app))
    major, minor = version.split(".")
    name = os.path.basename(path)
    url = value(folder, "download_url").replace("download", "apps") + f"/{app}/{version}/{platform}/{name}"
    return (f"<app>\n<name>{app}</name>\n<user_friendly_name>{app}</user_friendly_name>\n</app>\n"
            f"<file_info>\n<name>{name}</name>\n<url>{url}</url>\n<executable/>\n<md5_cksum>{md5_of(path)}</md5_cksum>\n"
            f"<file_signature>\n{key().sign(md5_of(path))}</file_signature>\n<nbytes>{os.path.getsize(path)}</nbytes>\n</file_info>\n"
            f"<app_version>\n<app_name>{app}</app_name>\n<version_num>{int(major) * 100 + int(minor)}</version_num>\n<platform>{platform}</platform>\n"
            "<avg_ncpus>1</avg_ncpus>\n<flops>4e9</flops>\n<api_version>7.20.5</api_version>\n"
            f"<file_ref>\n<file_name>{name}</file_name>\n<main_program/>\n</file_ref>\n</app_version>\n"), int(major) * 100 + int(minor), platform


def result_xml(folder, template, file, name, workunit, version, platform):
    """As tools/process_result_template.cpp substitutes."""
    with open(os.path.join(folder, template), encoding="utf-8") as text:
        xml = text.read()
    xml = re.sub("<OUTFILE_([0-9]+)/>", lambda found: file[:-1] + found.group(1), xml).replace("<UPLOAD_URL/>", value(folder, "upload_url"))
    xml = xml.replace("<output_template>", "").replace("</output_template>", "").strip()
    head = f"<name>{name}</name>\n<wu_name>{workunit}</wu_name>\n<report_deadline>{time.time() + 86400:.0f}</report_deadline>\n"
    return xml.replace("<result>\n", f"<result>\n{head}<platform>{platform}</platform>\n<version_num>{version}</version_num>\n", 1)


def workunit_xml(xml_doc, name, app, est, bound):
    head = (f"<rsc_fpops_est>{est:f}</rsc_fpops_est>\n<rsc_fpops_bound>{bound:f}</rsc_fpops_bound>\n<rsc_memory_bound>5e8</rsc_memory_bound>\n"
            f"<rsc_disk_bound>1e9</rsc_disk_bound>\n<name>{name}</name>\n<app_name>{app}</app_name>\n")
    return xml_doc.replace("<workunit>\n", "<workunit>\n" + head, 1)


def take_reports(folder, connection, request):
    acknowledged = ""
    for result in request.findall("result"):
        name = result.findtext("name")
        row = connection.execute("SELECT id, workunit, state FROM result WHERE name = ?", (name,)).fetchone()
        acknowledged += f"<result_ack>\n<name>{name}</name>\n</result_ack>\n"
        if row is None or row[2] != "sent":
            continue
        is_well = result.findtext("state") == SUCCESS and result.findtext("exit_status") == "0"
        with transaction(connection):
            connection.execute("UPDATE result SET state = ?, exit_status = ?, stderr = ? WHERE id = ?",
                               ("success" if is_well else "error", result.findtext("exit_status") or 0, (result.findtext("stderr_out") or "")[-1000:], row[0]))
            transition(folder, connection, row[1])
    return acknowledged


def send(folder, connection, host):
    sent, apps = "", {}
    with transaction(connection):
        rows = connection.execute(
            "SELECT result.id, result.name, workunit.id, workunit.name, app, xml_doc, result_template, rsc_fpops_est, rsc_fpops_bound FROM result "
            "JOIN workunit ON workunit.id = workunit WHERE state = 'unsent' AND NOT EXISTS (SELECT 1 FROM result other WHERE other.workunit = "
            "workunit.id AND other.host = ?) GROUP BY workunit.id ORDER BY priority DESC, result.id LIMIT ?", (host, MOST_AT_ONCE)).fetchall()
        for number, name, _, workunit, app, xml_doc, template, est, bound in rows:
            file = f"{name}_r{number}_0"
            connection.execute("UPDATE result SET state = 'sent', host = ?, file = ? WHERE id = ?", (host, file, number))
            if app not in apps:
                apps[app] = app_version(folder, app)
            sent += workunit_xml(xml_doc, workunit, app, est, bound) + "\n"
            sent += result_xml(folder, template, file, name, workunit, *apps[app][1:]) + "\n"
    return "".join(text for text, _, _ in apps.values()) + sent


def answer_scheduler(folder, url, body):
    text = body.decode("utf-8", errors="replace")
    request = tree.fromstring(re.sub("<stderr_out>.*?</stderr_out>", "<stderr_out></stderr_out>", text, flags=re.DOTALL))
    connection = database(folder)
    host = int(request.findtext("hostid") or 0) or int.from_bytes(os.urandom(3), "big") + 1
    reply = (f"<scheduler_reply>\n<scheduler_version>803</scheduler_version>\n<master_url>{url}</master_url>\n<request_delay>1</request_delay>\n"
             f"<project_name>pool</project_name>\n<hostid>{host}</hostid>\n<user_name>owner</user_name>\n")
    if request.find("code_sign_key") is None:
        reply += f"<code_sign_key>\n{key().public_text()}</code_sign_key>\n"
    reply += take_reports(folder, connection, request)
    if float(request.findtext("work_req_seconds") or 0) > 0:
        reply += send(folder, connection, f"stock{host}")
    return reply + "</scheduler_reply>\n"


def answer_upload(folder, body):
    question = re.search(rb"<get_file_size>([^<]*)</get_file_size>", body)
    if question:
        path = hier_path(folder, "upload_dir", question.group(1).decode().strip())
        size = os.path.getsize(path) if os.path.exists(path) else 0
        return f"<data_server_reply>\n<status>0</status>\n<file_size>{size}</file_size>\n</data_server_reply>\n"
    head, _, data = body.partition(b"<data>\n")
    name = re.search(rb"<name>([^<]*)</name>", head).group(1).decode().strip()
    os.makedirs(hash_folder(folder, "upload_dir", name), exist_ok=True)
    with open(hier_path(folder, "upload_dir", name), "wb") as file:
        file.write(data)
    return "<data_server_reply>\n<status>0</status>\n</data_server_reply>\n"
