#ifndef _QUIRE_SETJMP_H
#define _QUIRE_SETJMP_H

#include_next <setjmp.h>
#include <sys/_sigset.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  jmp_buf __registers;
  int __mask_saved;
  __sigset_t __mask;
} sigjmp_buf[1];

void __sigsetjmp_mask(sigjmp_buf, int);
void siglongjmp(sigjmp_buf, int) __attribute__((__noreturn__));
void _longjmp(jmp_buf, int) __attribute__((__noreturn__));

/* A macro, since no function may call setjmp for its caller. */
#define sigsetjmp(buffer, save) (__sigsetjmp_mask(buffer, save), setjmp((buffer)->__registers))
#define _setjmp(buffer) setjmp(buffer)

#ifdef __cplusplus
}
#endif

#endif
