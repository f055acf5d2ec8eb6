/** The handles that tsmpi uses, by the names of the standard. */
export type HandleName =
  | "COMM_WORLD"
  | "COMM_NULL"
  | "INFO_NULL"
  | "ERRORS_RETURN"
  | "BYTE"
  | "INT8_T"
  | "INT16_T"
  | "INT32_T"
  | "INT64_T"
  | "UINT8_T"
  | "UINT16_T"
  | "UINT32_T"
  | "UINT64_T"
  | "FLOAT"
  | "DOUBLE"
  | "SUM"
  | "PROD"
  | "MIN"
  | "MAX"
  | "LAND"
  | "LOR"
  | "LXOR"
  | "BAND"
  | "BOR"
  | "BXOR";

/** In what the binary interfaces of MPI libraries differ. */
export interface Abi {
  readonly name: "Open MPI" | "MPICH";
  /** C type of a handle, as koffi calls it, and its size. */
  readonly handle: "intptr_t" | "int";
  readonly handleBytes: 8 | 4;
  /** Values of the handles, or the symbols whose addresses they are. */
  readonly handles: Readonly<Record<HandleName, number | string>>;
  readonly ANY_SOURCE: number;
  readonly UNDEFINED: number;
  readonly IN_PLACE: number;
  readonly STATUS_IGNORE: number;
  readonly COMM_TYPE_SHARED: number;
  readonly THREAD_FUNNELED: number;
}

/** Handles are pointers to objects of the library. @see Open MPI 4.1 and 5.0, mpi.h */
export const openMpi: Abi = {
  name: "Open MPI",
  handle: "intptr_t",
  handleBytes: 8,
  handles: {
    COMM_WORLD: "ompi_mpi_comm_world",
    COMM_NULL: "ompi_mpi_comm_null",
    INFO_NULL: "ompi_mpi_info_null",
    ERRORS_RETURN: "ompi_mpi_errors_return",
    BYTE: "ompi_mpi_byte",
    INT8_T: "ompi_mpi_int8_t",
    INT16_T: "ompi_mpi_int16_t",
    INT32_T: "ompi_mpi_int32_t",
    INT64_T: "ompi_mpi_int64_t",
    UINT8_T: "ompi_mpi_uint8_t",
    UINT16_T: "ompi_mpi_uint16_t",
    UINT32_T: "ompi_mpi_uint32_t",
    UINT64_T: "ompi_mpi_uint64_t",
    FLOAT: "ompi_mpi_float",
    DOUBLE: "ompi_mpi_double",
    SUM: "ompi_mpi_op_sum",
    PROD: "ompi_mpi_op_prod",
    MIN: "ompi_mpi_op_min",
    MAX: "ompi_mpi_op_max",
    LAND: "ompi_mpi_op_land",
    LOR: "ompi_mpi_op_lor",
    LXOR: "ompi_mpi_op_lxor",
    BAND: "ompi_mpi_op_band",
    BOR: "ompi_mpi_op_bor",
    BXOR: "ompi_mpi_op_bxor",
  },
  ANY_SOURCE: -1,
  UNDEFINED: -32766,
  IN_PLACE: 1,
  STATUS_IGNORE: 0,
  COMM_TYPE_SHARED: 0,
  THREAD_FUNNELED: 1,
};

/** Handles are integers. @see the common ABI of MPICH 3 and 4, Intel MPI, MVAPICH and Cray MPI, mpi.h */
export const mpich: Abi = {
  name: "MPICH",
  handle: "int",
  handleBytes: 4,
  handles: {
    COMM_WORLD: 0x44000000,
    COMM_NULL: 0x04000000,
    INFO_NULL: 0x1c000000,
    ERRORS_RETURN: 0x54000001,
    BYTE: 0x4c00010d,
    INT8_T: 0x4c000137,
    INT16_T: 0x4c000238,
    INT32_T: 0x4c000439,
    INT64_T: 0x4c00083a,
    UINT8_T: 0x4c00013b,
    UINT16_T: 0x4c00023c,
    UINT32_T: 0x4c00043d,
    UINT64_T: 0x4c00083e,
    FLOAT: 0x4c00040a,
    DOUBLE: 0x4c00080b,
    MAX: 0x58000001,
    MIN: 0x58000002,
    SUM: 0x58000003,
    PROD: 0x58000004,
    LAND: 0x58000005,
    BAND: 0x58000006,
    LOR: 0x58000007,
    BOR: 0x58000008,
    LXOR: 0x58000009,
    BXOR: 0x5800000a,
  },
  ANY_SOURCE: -2,
  UNDEFINED: -32766,
  IN_PLACE: -1,
  STATUS_IGNORE: 1,
  COMM_TYPE_SHARED: 1,
  THREAD_FUNNELED: 1,
};
