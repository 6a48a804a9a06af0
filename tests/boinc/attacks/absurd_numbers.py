"""Numbers that cannot be, in every field that takes one."""
from attack import *

for number in ("1.7e308", "-1e300", "nan", "inf", "9223372036854775808", "1e-320", "0x7f", ""):
    host = Host(f"absurd {number}")
    host.extra = f"<host_info><p_fpops>{number}</p_fpops></host_info>"
    numbers = "".join(f"<{tag}>{number}</{tag}>" for tag in ("work_req_seconds", "cpu_req_secs", "cpu_req_instances", "rpc_seqno", "mw_wait"))
    facts = "".join(f"<{tag}>{number}</{tag}>" for tag in ("p_ncpus", "p_fpops", "m_nbytes", "d_free"))
    body = (f"<scheduler_request><authenticator>{KEY}</authenticator><hostid>{number}</hostid>{numbers}"
            f"<platform_name>x86_64-pc-linux-gnu</platform_name><host_info><host_cpid>{number}</host_cpid>{facts}</host_info>"
            f"</scheduler_request>").encode()
    reply = post("/scheduler", body)
    check("<scheduler_reply>" in reply, f"{number}: no reply")
    given = instances_in(reply)
    check(len(given) <= 64, f"{number}: {len(given)} instances in a reply")
    secret = re.search(r"<cross_project_id>(.*?)</cross_project_id>", reply)
    identity = re.search(r"<hostid>(.*?)</hostid>", reply)
    check(secret and identity, f"{number}: it is no host")
    report = "".join(
        f"<result><name>{name}</name><exit_status>1</exit_status><state>3</state><final_cpu_time>{number}</final_cpu_time>"
        f"<final_elapsed_time>{number}</final_elapsed_time></result>" for name in given)
    body = (f"<scheduler_request><authenticator>{KEY}</authenticator><hostid>{identity[1]}</hostid><rpc_seqno>1</rpc_seqno>"
            f"<cross_project_id>{secret[1]}</cross_project_id><host_info>{facts}</host_info>{report}</scheduler_request>").encode()
    check("<scheduler_reply>" in post("/scheduler", body), f"{number}: no reply to its report")
done()
until_over(lambda: Host("absurd still").ask(seconds=1e300))
