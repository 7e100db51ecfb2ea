// The floating-point registers, to and from thread.fp. a0: the array.
.macro each op
    .irp r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op f\r, 8 * \r(a0)
    .endr
.endm
.option arch, +f, +d
.text
.globl fp_save
fp_save:
    each fsd
    frcsr t0
    sd t0, 256(a0)
    ret
.globl fp_load
fp_load:
    each fld
    ld t0, 256(a0)
    fscsr t0
    ret
