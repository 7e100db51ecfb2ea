// Making a program's memory from a struct exec_image: for exec, and for spawn.
#ifndef SERVERS_PAGER_CORE_EXEC_H
#define SERVERS_PAGER_CORE_EXEC_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/pager.h"

struct object;
struct pager;
struct space;

// Copies the image from the message page of `space`, a program's, and checks it.
// => NULL: it, its arguments or the object are not good (EINVAL)
struct object *exec_check(struct pager *pager, struct space *space, uint32_t id,
                          struct exec_image *image);
// Gives `to`, which has no regions but its message page, those of the image and the arguments of
// `from`. => false: no memory; what has been made must be released
bool exec_build(struct pager *pager, struct space *from, struct object *object,
                const struct exec_image *image, struct space *to);
// Takes the arguments away from whom they came from. 0 or -ENOMEM: nothing has changed.
int64_t exec_leave_arguments(struct pager *pager, struct space *space,
                             const struct exec_image *image);
// The last steps before the program runs. => `space` has what exec_build made
void exec_finish(struct pager *pager, struct space *space, struct object *object,
                 const struct exec_image *image);

#endif
