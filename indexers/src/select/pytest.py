"""Leaves out the tests that need not run. Written by skiptrace, and read by pytest; it may be deleted."""
import io
import json
import os

import pytest

with io.open(os.path.splitext(os.path.abspath(__file__))[0] + ".json", encoding="utf-8") as _file:
    _choice = json.load(_file)
_run = frozenset(_choice["run"]) if "run" in _choice else None
_skip = frozenset(_choice.get("skip", ()))
_left_out = []


def _is_left_out(item):
    return item.nodeid in _skip if _run is None else item.nodeid not in _run


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    left_out = [item for item in items if _is_left_out(item)]
    if left_out:
        _left_out.extend(left_out)
        items[:] = [item for item in items if not _is_left_out(item)]
        config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session, exitstatus):
    # Five says that there are no tests, which is no failure where we left them out. The processes of xdist, not the
    # one that asks them, know what they left out.
    distributed = session.config.pluginmanager.hasplugin("dsession")
    if int(exitstatus) == 5 and (_left_out or distributed):
        session.exitstatus = 0
