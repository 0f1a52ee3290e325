"""Stacks with the sample app: one that all tests of a process share, and small ones that a test may hurt."""

from contextlib import closing

import pytest

from local.stack import local_stack
from tests.local_stack.sample import Sample, options


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A whole stack for all tests that do it no harm."""
    folder = tmp_path_factory.mktemp("shared")
    with local_stack(folder, options(folder)) as stack, closing(Sample(stack, folder)) as sample:
        yield sample


@pytest.fixture
def borrowed(shared):
    """Options that name the simulated Azure and the blobs of the shared stack."""
    stack = shared.stack
    return {
        "arm_endpoint": stack.arm.url,
        "ca_file": shared.folder / "ca.pem",
        "identity_endpoint": stack.identity.endpoint,
        "identity_header": stack.identity.header,
        "blob_endpoint": stack.blob.url,
    }


@pytest.fixture
def own(borrowed, tmp_path):
    """A stack of a test's own: a host and a durable backend; what they need of Azure is the shared stack's."""
    with local_stack(tmp_path, options(tmp_path, **borrowed)) as stack, closing(Sample(stack, tmp_path)) as sample:
        yield sample
