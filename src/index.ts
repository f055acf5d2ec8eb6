/**
 * The public API of tsmpi. Nothing else is public.
 *
 * @module
 */

// The job, and its ranks
export { init, type InitOptions, type World } from "./comm/world.js";
export type { Serializer } from "./comm/serializer.js";
export { version } from "./version.js";
export { simulate } from "./comm/simulate.js";
export type { SimOptions } from "./comm/transports/sim.js";
export { ANY_SOURCE, ANY_TAG, PROC_NULL, TAG_UB } from "./comm/types.js";
export type {
  CallOptions,
  Communicator,
  CommunicatorOptions,
  ComplexNumber,
  Counts,
  Into,
  Located,
  OpName,
  RecvCounts,
  RecvOptions,
  ReduceOptions,
  Reducible,
  Reduction,
  Request,
  RootOptions,
  Selection,
  SendMode,
  SendOptions,
  SendRecvOptions,
  Statistics,
  Status,
  TypedArray,
  UserOp,
} from "./comm/types.js";
export { Group, type GroupComparison, type RankRange } from "./comm/structure/group.js";
export type { Comparison, CounterOptions, SplitNodeOptions } from "./comm/api/structure.js";
export { Attribute, type AttributeOptions } from "./comm/structure/attribute.js";
export type { Lifetime } from "./comm/api/lifetime.js";
export { attach } from "./comm/thread.js";
export type { CommunicatorHandle, FromThread, ThreadCommunicator, Threads } from "./comm/api/threads.js";
export { computeDims } from "./comm/structure/dims.js";
export type {
  CartCommunicator,
  CartOptions,
  GraphCommunicator,
  GraphOptions,
  NeighborCommunicator,
} from "./comm/api/topologies.js";
export type { Counter, Lock, Mutex } from "./comm/api/services.js";
export type {
  AccumulateOptions,
  CombineOptions,
  Element,
  GetOptions,
  PlaceOptions,
  SharedArrayConstructor,
  SharedWindow,
  TargetOptions,
  Window,
  WindowOp,
} from "./comm/api/windows.js";
export type { CallInfo, Interception, Interceptor } from "./comm/api/interception.js";
export { type ChromeEvent, Trace, type TraceEvent } from "./comm/trace.js";
export { SyncedTime } from "./comm/collectives/synced-time.js";
export { reduceLocal } from "./comm/reduce-local.js";
export type { PersistentCollective } from "./comm/persistent-collective.js";
export { ReproducibleSum } from "./comm/reproducible-sum.js";
export type { CollectiveOptions, StridedInto } from "./comm/api/collectives.js";
export type { ReceivedMessage } from "./comm/api/point-to-point.js";
export { Layout, type Strided } from "./comm/layout.js";
export type { Field } from "./comm/record.js";
export { PackBuffer } from "./comm/pack-buffer.js";
export type { MatchedMessage } from "./comm/matched-message.js";
export { startAll, type Persistent } from "./comm/persistent.js";
export { requestScope, type RequestScope, type RequestScopeOptions } from "./comm/request-scope.js";
export { testAll, testAny, testSome, waitAll, waitAny, waitSome, type Completed } from "./comm/wait.js";
export {
  CollectiveMismatchError,
  MpiError,
  PeerLostError,
  RemoteError,
  RequestStateError,
  RevokedError,
  type Revocation,
  TimeoutError,
  TruncateError,
  TypeMismatchError,
} from "./comm/errors.js";

// Arrays
export type { Complex, DType, Scalar, Storage } from "./array/dtype.js";
export type { AnyVector, NormOrder, Space, Vector } from "./array/vector.js";
export type { BlockSpace, BlockVector } from "./array/blocks.js";
export type { Nested } from "./array/nested.js";
export { LocalArray } from "./array/local-array.js";
export { LocalSpace } from "./array/local-space.js";
export { Distribution, type DistributionOptions } from "./array/distribution.js";
export { DistributedArray } from "./array/distributed-array.js";
export type { BinaryName, UnaryName } from "./array/operations.js";
export type { ReductionOptions } from "./array/reduce.js";
export { StackedArray, StackedSpace } from "./array/stacked-array.js";
export type { Slice } from "./array/slices.js";
export { HaloPlan, type HaloOptions, type HaloWidths } from "./array/halo.js";
export { Redistribution, type IndexRange } from "./array/redistribute.js";

// Libraries of the machine that arrays and operators call
export { useLibraries, type LibraryOptions } from "./kernels/libraries.js";

// Linear operators
export { LinearOperator } from "./ops/linear-operator.js";
export type { OperatorSpaces } from "./ops/operator-products.js";
export { FunctionOperator, type ProductFunctions } from "./ops/basic/function-operator.js";
export { MemoizeOperator } from "./ops/basic/memoize-operator.js";
export { Conj, Imag, Real, type RealOptions, toImag, toReal } from "./ops/basic/real.js";
export { Reshaped } from "./ops/basic/reshaped.js";
export { dottest, type DotTestOptions } from "./ops/dottest.js";
export { columnsOf, matmat } from "./ops/columns-of.js";
export { estimateTrace, type TraceOptions } from "./ops/trace.js";
export { todense } from "./ops/todense.js";
export { type SparseMatrix, tosparse } from "./ops/tosparse.js";

// Linear operators: from local to distributed ones, and many to one
export { acrossRanks } from "./ops/basic/across-ranks.js";
export { Batched } from "./ops/basic/batched.js";
export { Block } from "./ops/basic/block.js";
export { Kronecker } from "./ops/basic/kronecker.js";
export { lift, type LiftOptions } from "./ops/basic/lift.js";
export { BlockDiag, HStack, VStack } from "./ops/basic/stacks.js";

// Linear operators: basic
export type { AxisOptions } from "./ops/basic/axis-operator.js";
export { CausalIntegration, type CausalIntegrationOptions } from "./ops/basic/causal-integration.js";
export { Diagonal } from "./ops/basic/diagonal.js";
export {
  type Direction,
  FirstDirectionalDerivative,
  SecondDirectionalDerivative,
} from "./ops/basic/directional-derivative.js";
export { FirstDerivative, type FirstDerivativeOptions } from "./ops/basic/first-derivative.js";
export { Flip } from "./ops/basic/flip.js";
export { Gradient, type GradientOptions } from "./ops/basic/gradient.js";
export { Halo, type HaloOperatorOptions } from "./ops/basic/halo.js";
export { Identity } from "./ops/basic/identity.js";
export { Laplacian, type LaplacianOptions } from "./ops/basic/laplacian.js";
export { BlockMatrixMult } from "./ops/basic/block-matrix-mult.js";
export { Summa } from "./ops/basic/summa.js";
export { MatrixMult } from "./ops/basic/matrix-mult.js";
export { Pad } from "./ops/basic/pad.js";
export { LinearRegression, Regression } from "./ops/basic/regression.js";
export { Restriction } from "./ops/basic/restriction.js";
export { Roll } from "./ops/basic/roll.js";
export { SecondDerivative, type SecondDerivativeOptions } from "./ops/basic/second-derivative.js";
export { Spread, type SpreadOptions, type SpreadPosition } from "./ops/basic/spread.js";
export { Sum } from "./ops/basic/sum.js";
export { Symmetrize } from "./ops/basic/symmetrize.js";
export { Transpose, type TransposeOptions } from "./ops/basic/transpose.js";
export { Zero } from "./ops/basic/zero.js";

// Linear operators: signals
export { Bilinear } from "./ops/signal/bilinear.js";
export { Convolve1D, type Convolve1DOptions } from "./ops/signal/convolve1d.js";
export { ChirpRadon2D, ChirpRadon3D, type ChirpRadonOptions } from "./ops/signal/chirp-radon.js";
export { ConvolveND, ConvolveND as Convolve2D, type ConvolveNDOptions } from "./ops/signal/convolve-nd.js";
export { DCT, type DctOptions } from "./ops/signal/dct.js";
export { DWT, DWT2D, DWTND, type WaveletOptions } from "./ops/signal/dwt.js";
export { FFT, type Fft1DOptions } from "./ops/signal/fft.js";
export { FFT2D } from "./ops/signal/fft2d.js";
export { fftshift, ifftshift } from "./ops/signal/fftshift.js";
export { FFTND, type FftNDOptions, type FftNorm, type FftOptions } from "./ops/signal/fft-nd.js";
export {
  FourierRadon,
  FourierRadon as FourierRadon2D,
  FourierRadon as FourierRadon3D,
  type FourierRadonOptions,
} from "./ops/signal/fourier-radon.js";
export { Fredholm1, type Fredholm1Options } from "./ops/signal/fredholm1.js";
export { Interp, type InterpOptions } from "./ops/signal/interp.js";
export {
  NonStationaryConvolve1D,
  NonStationaryConvolveND,
  NonStationaryConvolveND as NonStationaryConvolve2D,
  NonStationaryConvolveND as NonStationaryConvolve3D,
  type NonStationaryConvolveNDOptions,
} from "./ops/signal/non-stationary-convolve-nd.js";
export {
  NonStationaryFilters,
  NonStationaryFilters as NonStationaryFilters1D,
  NonStationaryFilters as NonStationaryFilters2D,
  type NonStationaryFiltersOptions,
} from "./ops/signal/non-stationary-filters.js";
export { PoststackLinearModelling, type PoststackOptions } from "./ops/signal/poststack.js";
export { Radon2D, Radon3D, type RadonOptions, type RegularAxis } from "./ops/signal/radon.js";
export type { FilterPair } from "./ops/signal/biorthogonal.js";
export { waveletFilters } from "./ops/signal/wavelet-filters.js";
export { gaussian, klauder, ormsby, ricker } from "./ops/signal/wavelets.js";
export { Seislet, type SeisletOptions } from "./ops/signal/seislet.js";
export { Shift, type ShiftOptions } from "./ops/signal/shift.js";
export {
  Sliding,
  Sliding as Sliding1D,
  Sliding as Sliding2D,
  Sliding as Sliding3D,
  Sliding as Patch2D,
  Sliding as Patch3D,
  type SlidingOptions,
} from "./ops/signal/sliding.js";
export { Smoothing1D } from "./ops/signal/smoothing1d.js";
export { Smoothing2D } from "./ops/signal/smoothing2d.js";
export { zeroPhaseBoxcar } from "./ops/signal/zero-phase-boxcar.js";

// Solvers
export { cg, type CgOptions, type CgResult } from "./solvers/cg.js";
export { cgls, type CglsOptions, type CglsResult, type CglsState } from "./solvers/cgls.js";
export { divide, type DivideOptions } from "./solvers/divide.js";
export {
  cond,
  eigs,
  eigsh,
  type EigsOptions,
  type EigsResult,
  svds,
  type SvdsResult,
} from "./solvers/eigs.js";
export type {
  SolverCallback,
  SolverOptions,
  SolverState,
  SolverStatus,
  SolverVerdict,
} from "./solvers/options.js";

// Files and pictures
export { decodeNpy, readNpy, readNpyBlock, writeNpy, type NpyOptions } from "./io/npy.js";
export { readNpz, readNpzBlock } from "./io/npz.js";
export { readRawBlock, writeRaw, type RawOptions, type RawType } from "./io/raw.js";
export { readZarrBlock, writeZarr, type ZarrOptions } from "./io/zarr.js";
export type { ZarrCodec } from "./io/zarr-metadata.js";
export { readHdf5Block, writeHdf5, type Hdf5Options } from "./io/hdf5.js";
export { readSegyBlock, readSegyHeader, readSegyInfo, writeSegy, type SegyOptions } from "./io/segy.js";
export type { SegyFormat, SegyInfo, TraceField } from "./io/segy-format.js";
export { plotArray, plotBlocks, plotCurve, plotDistribution, plotPanels } from "./plot/plot.js";
export type { ArrayPlotOptions } from "./plot/arrays.js";
export type { OwnedBlock, OwnersPanel } from "./plot/blocks-panel.js";
export type { Curve } from "./plot/curve.js";
export type { Figure, Panel, Quantity, SectionPanel } from "./plot/panels.js";
