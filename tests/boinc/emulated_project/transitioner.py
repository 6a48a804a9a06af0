"""What a project's daemons do with results: transitioner, sample_bitwise_validator, and the sample_assimilator or its dummy."""
import os
import time

from project import Changes, database, hier_path, md5_of, transaction
from server_status import runs

WORKUNIT = ("id", "name", "app", "batch", "xml_doc", "result_template", "min_quorum", "target_nresults", "max_error_results", "max_total_results",
            "max_success_results", "canonical", "error_mask")


def read(connection, number):
    row = connection.execute(f"SELECT {', '.join(WORKUNIT)} FROM workunit WHERE id = ?", (number,)).fetchone()
    return dict(zip(WORKUNIT, row)) if row else None


def validate(folder, connection, workunit, results):
    """Bytes are compared, and nothing else."""
    done = [result for result in results if result["state"] == "success"]
    if workunit["canonical"] or len(done) < workunit["min_quorum"] or not runs(folder, f"validator_{workunit['app']}.pid"):
        return
    sums = {result["id"]: md5_of(hier_path(folder, "upload_dir", result["file"])) for result in done}
    for result in done:
        alike = [number for number, md5 in sums.items() if md5 == sums[result["id"]]]
        if len(alike) >= workunit["min_quorum"]:
            workunit["canonical"] = alike[0]
            connection.execute(f"UPDATE result SET is_valid = 1 WHERE id IN ({', '.join('?' * len(alike))})", alike)
            return
    if len(done) > workunit["max_success_results"]:
        workunit["error_mask"] |= 4
    workunit["target_nresults"] = max(workunit["target_nresults"], len(done) + 1)


def assimilate(folder, workunit, results):
    batch = os.path.join(folder, "results", str(workunit["batch"]))
    os.makedirs(batch, exist_ok=True)
    if workunit["canonical"]:
        file = next(result["file"] for result in results if result["id"] == workunit["canonical"])
        os.replace(hier_path(folder, "upload_dir", file), os.path.join(batch, workunit["name"] + "__file_out"))
        return
    with open(os.path.join(batch, workunit["name"] + "_error.new"), "w", encoding="utf-8") as text:
        text.write(f"0x{workunit['error_mask']:x}\n")
    os.rename(os.path.join(batch, workunit["name"] + "_error.new"), os.path.join(batch, workunit["name"] + "_error"))


def keeps_outputs(folder, workunit):
    """Whether they stay in the upload folder: the application has sample_dummy_assimilator."""
    with open(os.path.join(folder, workunit["result_template"]), encoding="utf-8") as template:
        return "<no_delete" in template.read()


def transition(folder, connection, number):
    """Inside a transaction."""
    workunit = read(connection, number)
    if workunit is None or workunit["canonical"]:
        return
    before = dict(workunit)
    results = [dict(zip(("id", "state", "file"), row)) for row in
               connection.execute("SELECT id, state, file FROM result WHERE workunit = ?", (number,))]
    validate(folder, connection, workunit, results)
    if not workunit["canonical"] and not workunit["error_mask"]:
        if sum(result["state"] == "error" for result in results) > workunit["max_error_results"]:
            workunit["error_mask"] |= 2
        alive = sum(result["state"] in ("unsent", "sent", "success") for result in results)
        needed = max(0, workunit["target_nresults"] - alive)
        if needed > workunit["max_total_results"] - len(results):
            workunit["error_mask"] |= 8
        if not workunit["error_mask"]:
            for i in range(len(results), len(results) + needed):
                connection.execute("INSERT INTO result(name, workunit) VALUES (?, ?)", (f"{workunit['name']}_{i}", number))
    if workunit["error_mask"]:
        connection.execute("UPDATE result SET state = 'over' WHERE workunit = ? AND state = 'unsent'", (number,))
    is_over = workunit["canonical"] or workunit["error_mask"]
    if is_over and not keeps_outputs(folder, workunit):
        assimilate(folder, workunit, results)
    if workunit != before:
        connection.execute("UPDATE workunit SET canonical = ?, error_mask = ?, target_nresults = ?, changed = ? WHERE id = ?",
                           (workunit["canonical"], workunit["error_mask"], workunit["target_nresults"], time.time(), number))


def fresh_and_cancelled(connection):
    return [row[0] for row in connection.execute(
        "SELECT id FROM workunit WHERE canonical = 0 AND (error_mask = 0 AND NOT EXISTS (SELECT 1 FROM result WHERE workunit = workunit.id)"
        " OR error_mask & 16 AND NOT EXISTS (SELECT 1 FROM seen WHERE seen.id = workunit.id))")]


def waiting_for_validation(connection):
    return [row[0] for row in connection.execute(
        "SELECT id FROM workunit WHERE canonical = 0 AND error_mask = 0 AND "
        "(SELECT count(*) FROM result WHERE workunit = workunit.id AND state = 'success') >= min_quorum")]


def run(folder, pause):
    connection = database(folder)
    connection.execute("CREATE TEMP TABLE seen(id INTEGER PRIMARY KEY)")
    changes = Changes(connection)
    while True:
        version = changes.version()
        numbers = fresh_and_cancelled(connection) + waiting_for_validation(connection) if changes.are_there() else []
        if not numbers:
            changes.nothing_to_do(version)
        elif not runs(folder, "transitioner.pid"):
            numbers = []
        for number in numbers:
            with transaction(connection):
                transition(folder, connection, number)
                connection.execute("INSERT OR IGNORE INTO seen VALUES (?)", (number,))
        time.sleep(pause)
