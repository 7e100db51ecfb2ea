// The kernel's headers, from C++.
#ifndef MICROKERNEL_ARCH_HOST_HEADERS_H
#define MICROKERNEL_ARCH_HOST_HEADERS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define _Static_assert static_assert
#define _Noreturn [[noreturn]]
extern "C" {
#include "abi/boot.h"
#include "abi/event.h"
#include "abi/handle.h"
#include "abi/layout.h"
#include "abi/stats.h"
#include "abi/syscall.h"
#include "microkernel/arch.h"
#include "microkernel/boot.h"
#include "microkernel/endpoint.h"
#include "microkernel/fault.h"
#include "microkernel/frame.h"
#include "microkernel/handle_table.h"
#include "microkernel/interrupt.h"
#include "microkernel/lock.h"
#include "microkernel/panic.h"
#include "microkernel/pte.h"
#include "microkernel/schedule.h"
#include "microkernel/space.h"
#include "microkernel/stats.h"
#include "microkernel/thread.h"
#include "microkernel/upcall.h"

// What trap_entry.S calls.
typedef struct thread *system_call_handler(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                           uint64_t, uint64_t);
extern system_call_handler *const system_call[SYS_COUNT + 1];
}
#undef _Noreturn
#undef _Static_assert

#endif
