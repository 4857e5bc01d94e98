"""A file of a million rows: how fast its rows are written, and in how much memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

MEASURED = """
import json, sys, time
from datetime import UTC, datetime
from types import SimpleNamespace

from chalicelib import objects, queues
from chalicelib.exports import jobs, rows, service
from chalicelib.exports.tables import Export

wanted = int(sys.argv[1])
titles = ["Moby-Dick; or, The Whale", "गोदान", "=SUM(A1)", "مدينة الأحلام", "雪国"]
row = ("0" * 52, "", "epub https://library.example/books/" + "0" * 26, "Ada; B", "Poetry; Sea", "Asha Rao",
       "returned", *["2026-11-22T12:00:00Z"] * 4, "4")
batch = [(row[0], titles[n % 5], *row[2:]) for n in range(100)]


def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def made(asked, after, now):
    for n in range(wanted // 100):
        yield batch, str(n)


written = parts = 0


def put_part(key, upload_id, number, body):
    global written, parts
    written, parts = written + len(body), parts + 1
    return "tag"


rows.OF["loans"] = made
objects.begin_parts = lambda key, content_type: "upload"
objects.put_part = put_part
objects.finish_parts = lambda key, upload_id, names: None
service.asked_for = lambda wanted, now: None
now = datetime.now(UTC)
export = Export(id="0" * 26, kind="loans", asked={}, requested_by="x", created_at=now, expires_at=now, turn=1)
file = jobs._File(export)
file._keep = lambda: None
file._end = lambda status, now: None
queues.send = lambda *said, **more: None
before, begun = peak(), time.process_time()
file.write(lambda: 300.0, now)
seconds = time.process_time() - begun
print(json.dumps({"rows": export.rows, "bytes": written, "parts": parts,
                  "rows_a_second": round(export.rows / seconds), "MiB_more": round(peak() - before, 1)}))
"""


def measured(rows: int) -> dict[str, float]:
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, str(rows)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout)


def test_a_million_rows_take_no_more_memory_than_a_hundred_thousand() -> None:
    small, large = measured(100_000), measured(1_000_000)
    print(f"\n100,000 rows: {small}\n1,000,000 rows: {large}")  # noqa: T201 - run to be read
    assert large["rows"] == 1_000_000
    assert large["MiB_more"] <= 32
    assert large["MiB_more"] <= small["MiB_more"] + 4
