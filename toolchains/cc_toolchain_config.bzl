"""CcToolchainConfigInfo for Debian's riscv64-unknown-elf-gcc."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load(
    "@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl",
    "feature",
    "flag_group",
    "flag_set",
    "tool_path",
    "with_feature_set",
)

_COMPILE = [
    ACTION_NAMES.assemble,
    ACTION_NAMES.preprocess_assemble,
    ACTION_NAMES.c_compile,
    ACTION_NAMES.cpp_compile,
]

_LINK = [ACTION_NAMES.cpp_link_executable]

def _impl(ctx):
    bin = ctx.attr.tool_prefix
    machine = ["-mabi=" + ctx.attr.mabi, "-mcmodel=medany"]

    features = [
        # Not: supports_pic, supports_dynamic_linker. Static only.
        feature(name = "static_linking_mode", enabled = True),
        feature(
            name = "arch",
            enabled = True,
            flag_sets = [
                flag_set(actions = _COMPILE + _LINK, flag_groups = [flag_group(flags = machine)]),
                flag_set(
                    actions = _COMPILE,
                    flag_groups = [flag_group(flags = ["-march=%s_zicsr_zifencei" % ctx.attr.march])],
                ),
                # GCC 12 finds the libraries of a plain name only.
                flag_set(
                    actions = _LINK,
                    flag_groups = [flag_group(flags = ["-march=" + ctx.attr.march])],
                ),
            ],
        ),
        feature(
            name = "base",
            enabled = True,
            flag_sets = [
                flag_set(
                    actions = _COMPILE,
                    flag_groups = [flag_group(flags = [
                        # Paths in the .d files as given, not through realpath.
                        "-no-canonical-prefixes",
                        "-fno-canonical-system-headers",
                        # Same output in whatever folder it was built.
                        "-Wno-builtin-macro-redefined",
                        "-D__DATE__=\"redacted\"",
                        "-D__TIMESTAMP__=\"redacted\"",
                        "-D__TIME__=\"redacted\"",
                        "-g",
                        "-ffunction-sections",
                        "-fdata-sections",
                        "-fno-common",
                    ])],
                ),
                flag_set(
                    actions = _COMPILE,
                    flag_groups = [flag_group(flags = ctx.attr.compile_flags)],
                ),
                flag_set(
                    actions = _COMPILE,
                    flag_groups = [flag_group(flags = ["-O2"])],
                    with_features = [with_feature_set(not_features = ["dbg"])],
                ),
                flag_set(
                    actions = _COMPILE,
                    flag_groups = [flag_group(flags = ["-Og"])],
                    with_features = [with_feature_set(features = ["dbg"])],
                ),
                flag_set(
                    actions = _LINK,
                    flag_groups = [flag_group(flags = [
                        "-static",
                        "-Wl,--gc-sections",
                        "-Wl,--build-id=none",
                        "-Wl,--fatal-warnings",
                        "-Wl,-z,max-page-size=4096",
                    ] + ctx.attr.link_flags)],
                ),
            ],
        ),
        feature(name = "dbg"),
        feature(name = "opt"),
        feature(name = "fastbuild"),
    ]
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        features = features,
        toolchain_identifier = ctx.label.name,
        host_system_name = "local",
        target_system_name = "riscv64-unknown-elf",
        target_cpu = "riscv64",
        target_libc = ctx.attr.libc,
        compiler = "gcc",
        abi_version = ctx.attr.mabi,
        abi_libc_version = ctx.attr.libc,
        # Whatever is below these may be included without being declared.
        cxx_builtin_include_directories = ctx.attr.builtin_include_dirs,
        tool_paths = [
            tool_path(name = tool, path = bin + name)
            for tool, name in {
                "ar": "ar",
                "cpp": "cpp",
                "gcc": "gcc",
                "gcov": "gcov",
                "ld": "ld",
                "nm": "nm",
                "objcopy": "objcopy",
                "objdump": "objdump",
                "strip": "strip",
            }.items()
        ],
    )

riscv_cc_toolchain_config = rule(
    implementation = _impl,
    attrs = {
        "tool_prefix": attr.string(mandatory = True),
        "march": attr.string(mandatory = True),
        "mabi": attr.string(mandatory = True),
        "libc": attr.string(mandatory = True),
        "compile_flags": attr.string_list(),
        "link_flags": attr.string_list(),
        "builtin_include_dirs": attr.string_list(),
    },
    provides = [CcToolchainConfigInfo],
)
