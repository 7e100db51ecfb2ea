# fiber_switch.S for tests on x86-64: the same frame of 14 words, the first the address to go on at.
.text
.globl fiber_switch
.type fiber_switch, @function
fiber_switch:
    pop %rax
    sub $14*8, %rsp
    mov %rax, 0*8(%rsp)
    mov %rbx, 1*8(%rsp)
    mov %rbp, 2*8(%rsp)
    mov %r12, 3*8(%rsp)
    mov %r13, 4*8(%rsp)
    mov %r14, 5*8(%rsp)
    mov %r15, 6*8(%rsp)
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    mov 0*8(%rsp), %rax
    mov 1*8(%rsp), %rbx
    mov 2*8(%rsp), %rbp
    mov 3*8(%rsp), %r12
    mov 4*8(%rsp), %r13
    mov 5*8(%rsp), %r14
    mov 6*8(%rsp), %r15
    add $14*8, %rsp
    jmp *%rax
.size fiber_switch, . - fiber_switch

.globl fiber_entry
.type fiber_entry, @function
fiber_entry:
    call fiber_main
.size fiber_entry, . - fiber_entry
.section .note.GNU-stack, "", @progbits
