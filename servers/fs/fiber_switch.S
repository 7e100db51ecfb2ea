# void fiber_switch(uint64_t *from, uint64_t to)
# Servers use no floating point, so ra and s0..s11 are all that a call preserves.
.text
.globl fiber_switch
.type fiber_switch, @function
fiber_switch:
    addi sp, sp, -14*8
    sd ra, 0*8(sp)
    sd s0, 1*8(sp)
    sd s1, 2*8(sp)
    sd s2, 3*8(sp)
    sd s3, 4*8(sp)
    sd s4, 5*8(sp)
    sd s5, 6*8(sp)
    sd s6, 7*8(sp)
    sd s7, 8*8(sp)
    sd s8, 9*8(sp)
    sd s9, 10*8(sp)
    sd s10, 11*8(sp)
    sd s11, 12*8(sp)
    sd sp, (a0)
    mv sp, a1
    ld ra, 0*8(sp)
    ld s0, 1*8(sp)
    ld s1, 2*8(sp)
    ld s2, 3*8(sp)
    ld s3, 4*8(sp)
    ld s4, 5*8(sp)
    ld s5, 6*8(sp)
    ld s6, 7*8(sp)
    ld s7, 8*8(sp)
    ld s8, 9*8(sp)
    ld s9, 10*8(sp)
    ld s10, 11*8(sp)
    ld s11, 12*8(sp)
    addi sp, sp, 14*8
    ret
.size fiber_switch, . - fiber_switch

.globl fiber_entry
.type fiber_entry, @function
fiber_entry:
    call fiber_main
.size fiber_entry, . - fiber_entry
