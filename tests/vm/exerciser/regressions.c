#include "tests/vm/exerciser/regressions.h"

#define COUNT(steps) (sizeof(steps) / sizeof((steps)[0]))

// A file that was cut off and grew again showed what had been written to a private mapping of it.
static const struct step truncated_private[] = {
    {STEP_MAP_FILE, 0, 36, 8, 3, 0xb03, 0x3d04e604},
    {STEP_FORK, 0, 36, 1, 160, 0x5, 0x3763b6cf},
    {STEP_FILE_WRITE, 5, 50, 2, 14, 0xf91d00, 0xf328fdaf},
    {STEP_MAP_FILE, 0, 36, 8, 3, 0xb00, 0x3d04e604},
    {STEP_WRITE, 0, 37, 6, 172, 0x9b6, 0xd08a2b99},
    {STEP_TRUNCATE, 0, 35, 6, 70, 0x5f6e00, 0x49b71631},
    {STEP_FILE_WRITE, 5, 51, 2, 242, 0xd52b00, 0x490d6415},
};

// A write from memory that is not there made the file longer.
static const struct step failed_write[] = {
    {STEP_FORK, 0, 22, 3, 160, 0x1, 0xa4695283},
    {STEP_FILE_FROM_CELLS, 1, 2, 6, 133, 0xa12501, 0xc038f14},
};

// mlock entered a page that others have in the place of the one before it.
static const struct step locked_after_fork[] = {
    {STEP_MAP_ANONYMOUS, 0, 6, 8, 3, 0xc00, 0x5f764f66},
    {STEP_FORK, 0, 44, 2, 130, 0x1, 0xa92f6ade},
    {STEP_FORK, 1, 29, 2, 51, 0x2, 0x74707d9d},
    {STEP_WRITE, 2, 9, 1, 77, 0x81e, 0x16c253f},
    {STEP_PROTECT, 2, 8, 2, 1, 0x0, 0x233ca20d},
    {STEP_FORK, 2, 19, 2, 81, 0x5, 0xdb929ef},
    {STEP_LOCK, 5, 6, 8, 102, 0x0, 0x7ccb5c4e},
};

const struct regression regressions[] = {
    {truncated_private, COUNT(truncated_private)},
    {failed_write, COUNT(failed_write)},
    {locked_after_fork, COUNT(locked_after_fork)},
    {0, 0},
};
