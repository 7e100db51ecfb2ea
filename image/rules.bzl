"""Rules that make the boot archive and the disk."""

def _one_file(target):
    files = target.files.to_list()
    if len(files) != 1:
        fail("%s must be exactly one file, is %d" % (target.label, len(files)))
    return files[0]

def _archive_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".tar")
    args = ctx.actions.args()
    args.add(out)
    inputs = []
    for target, path in ctx.attr.entries.items():
        file = _one_file(target)
        inputs.append(file)
        args.add(file)
        args.add(path)
    ctx.actions.run(
        executable = ctx.executable._make,
        outputs = [out],
        inputs = inputs,
        arguments = [args],
        mnemonic = "Archive",
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

archive = rule(
    doc = "A ustar archive, the same bytes from the same files.",
    implementation = _archive_impl,
    attrs = {
        "entries": attr.label_keyed_string_dict(
            doc = "Programs, and the path of each in the archive.",
            allow_files = True,
            mandatory = True,
        ),
        "_make": attr.label(
            default = "//image:make_archive",
            executable = True,
            cfg = "exec",
        ),
    },
)

def _disk_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".img")
    args = ctx.actions.args()
    args.add(out)
    args.add(ctx.attr.capacity)
    args.add(ctx.attr.block_size)
    for path, mode in ctx.attr.dirs.items():
        args.add_all(["dir", mode, path])
    inputs = []
    for target, path in ctx.attr.programs.items():
        file = _one_file(target)
        inputs.append(file)
        args.add_all(["program", file, path])
    for file in ctx.files.tree:
        prefix = file.owner.package + "/root/"
        if not file.short_path.startswith(prefix):
            fail("%s is not below %s" % (file.short_path, prefix))
        inputs.append(file)
        args.add_all(["file", file, file.short_path[len(prefix):]])
    ctx.actions.run(
        executable = ctx.executable._make,
        outputs = [out],
        inputs = inputs + ctx.files._versions,
        arguments = [args],
        mnemonic = "Disk",
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

disk = rule(
    doc = "An ext2 disk image, the same bytes from the same files. Never write to it: copy it first.",
    implementation = _disk_impl,
    attrs = {
        "programs": attr.label_keyed_string_dict(
            doc = "Programs, and the path of each on the disk.",
            allow_files = True,
        ),
        "tree": attr.label_list(
            doc = "Plain files, put on the disk as they lie below the root/ of their package.",
            allow_files = True,
        ),
        "dirs": attr.string_dict(
            doc = "Directories to make and their octal modes.",
        ),
        "capacity": attr.string(
            doc = "What mke2fs takes, such as 64M.",
            default = "64M",
        ),
        "block_size": attr.string(
            doc = "Bytes.",
            default = "4096",
            values = ["1024", "2048", "4096"],
        ),
        "_make": attr.label(
            default = "//image:make_disk",
            executable = True,
            cfg = "exec",
        ),
        "_versions": attr.label(default = "@system//:versions"),
    },
)
