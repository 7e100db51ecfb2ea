"""The repositories of WORKSPACE for MODULE.bazel."""

load("@bazel_tools//tools/build_defs/repo:local.bzl", "new_local_repository")
load(":system.bzl", "system")

def _impl(ctx):
    system(name = "system")
    new_local_repository(
        name = "com_google_googletest",
        build_file = "//third_party/googletest:googletest.BUILD",
        path = "/usr/src/googletest",
    )

local = module_extension(implementation = _impl)
