"""How fast the SageMaker emulator is: from nothing to the first answer, and one Describe, by unmodified boto3.

python tests/benchmarks/sagemaker_emulator.py
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))  # the requests are those of the tests

from autopilot_calls import create_request, rows

from cloudautoml.store import Store
from cloudautoml.testing import FakeProvider
from cloudautoml_sagemaker.emulator import BUCKET, SagemakerEmulator

CALLS = 300


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as home:
        start = time.perf_counter()
        with SagemakerEmulator(FakeProvider(store=Store(Path(home)))) as emulator:
            print(f"started in {time.perf_counter() - start:.2f} s, moto's S3 included")
            emulator.client("s3").upload_fileobj(io.BytesIO(rows(600)), BUCKET, "data/train.csv")
            client = emulator.client("sagemaker")
            client.create_auto_ml_job_v2(**create_request())
            taken = []
            for _ in range(CALLS):
                begun = time.perf_counter()
                client.describe_auto_ml_job_v2(AutoMLJobName="churn-1")
                taken.append(1000 * (time.perf_counter() - begun))
            taken.sort()
            p50, p95 = statistics.median(taken), taken[int(0.95 * CALLS)]
            print(
                f"DescribeAutoMLJobV2 over {CALLS} calls, with the client's share: p50 {p50:.1f} ms, p95 {p95:.1f} ms"
            )


if __name__ == "__main__":
    main()
