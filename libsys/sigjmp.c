// Jumps that bring the signal mask back.
#include <setjmp.h>
#include <signal.h>

void __sigsetjmp_mask(sigjmp_buf buffer, int save) {
  buffer->__mask_saved = save;
  if (save) sigprocmask(SIG_SETMASK, NULL, &buffer->__mask);
}

void siglongjmp(sigjmp_buf buffer, int value) {
  if (buffer->__mask_saved) sigprocmask(SIG_SETMASK, &buffer->__mask, NULL);
  longjmp(buffer->__registers, value);
}

void _longjmp(jmp_buf buffer, int value) { longjmp(buffer, value); }
