"""Half a million orders, read whole and through the child process."""

import pandas as pd
import pytest

import opslib as ops

pytestmark = pytest.mark.slow


def test_online_retail_is_read_whole_through_the_child(samples, tmp_path):
    found = ops.import_file(samples / "orders/online_retail.csv.gz", tmp_path)
    assert (found.report.rows, len(found.report.set_aside)) == (541_909, 0)
    frame = found.frame
    assert frame["CustomerID"].isna().sum() == 135_080
    assert frame["InvoiceNo"].str.startswith("C").sum() == 9_288
    assert (frame["Quantity"] < 0).sum() == 10_624
    assert (frame["UnitPrice"] < 0).sum() == 2
    assert frame["InvoiceDate"].iloc[0] == pd.Timestamp("2010-12-01 08:26")
    assert frame.duplicated().sum() == 5_268
