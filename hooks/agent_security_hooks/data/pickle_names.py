"""Names that pickles import: what each does when it is loaded, and which of them every honest model uses.

Sources: the documentation and source of Python 2.7 and 3.8 to 3.14 (https://docs.python.org/3/library/), `_compat_pickle` for names of Python 2,
the `__reduce__` methods of the libraries named, and what is public about pickles that run code: the advisories of picklescan, fickling and
modelscan at https://github.com/advisories. A name stands for all that is in it: `os` for `os.system`, `pdb.Pdb` for `pdb.Pdb.run`.
"""

from __future__ import annotations

import re

_STANDARD = """
_abc _abcoll _aix_support _android_support _apple_support _ast _asyncio _bisect _blake2 _bootlocale _bootsubprocess _bz2 _codecs _codecs_cn _codecs_hk
_codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw _collections _collections_abc _colorize _compat_pickle _compression _contextvars _crypt _csv _ctypes
_ctypes_test _curses _curses_panel _datetime _dbm _decimal _dummy_thread _dummy_threading _elementtree _frozen_importlib _frozen_importlib_external
_functools _gdbm _hashlib _heapq _hmac _hotshot _imp _interpchannels _interpqueues _interpreters _io _ios_support _json _locale _lsprof _LWPCookieJar
_lzma _markupbase _md5 _MozillaCookieJar _msi _multibytecodec _multiprocessing _opcode _opcode_metadata _operator _osx_support _overlapped _peg_parser
_pickle _posixshmem _posixsubprocess _py_abc _py_warnings _pydatetime _pydecimal _pyio _pylong _pyrepl _queue _random _remote_debugging _scproxy _sha
_sha1 _sha2 _sha256 _sha3 _sha512 _signal _sitebuiltins _socket _sqlite3 _sre _ssl _stat _statistics _string _strptime _struct _suggestions _symtable
_sysconfig _thread _threading_local _tkinter _tokenize _tracemalloc _types _typing _uuid _warnings _weakref _weakrefset _winapi _winreg _wmi _zoneinfo
_zstd abc aifc annotationlib antigravity anydbm argparse array ast asynchat asyncio asyncore atexit audioop base64 BaseHTTPServer Bastion bdb binascii
binhex bisect bsddb builtins bz2 calendar cgi CGIHTTPServer cgitb chunk cmath cmd code codecs codeop collections colorsys commands compileall compiler
compression concurrent configparser ConfigParser contextlib contextvars Cookie cookielib copy copy_reg copyreg cPickle cProfile crypt cStringIO csv
ctypes curses dataclasses datetime dbhash dbm decimal difflib dircache dis distutils DLFCN doctest DocXMLRPCServer dumbdbm dummy_thread
dummy_threading email encodings ensurepip enum errno exceptions faulthandler fcntl filecmp FileDialog fileinput fnmatch formatter fpformat fractions
ftplib functools future_builtins gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac hotshot html htmlentitydefs htmllib
HTMLParser http httplib idlelib ihooks imaplib imghdr imp importlib imputil inspect io ipaddress itertools json keyword lib2to3 linecache
linuxaudiodev locale logging lzma MacOS macpath macurl2path mailbox mailcap markupbase marshal math md5 mhlib mimetools mimetypes MimeWriter mimify
mmap modulefinder msilib msvcrt multifile multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os os2 os2emxpath
ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil platform plistlib popen2 poplib posix posixfile posixpath pprint profile pstats pty
pwd py_compile pyclbr pydoc pydoc_data pyexpat Queue queue quopri random re readline repr reprlib resource rexec rfc822 rlcompleter robotparser runpy
sched ScrolledText secrets select selectors sets sgmllib sha shelve shlex shutil signal SimpleDialog SimpleHTTPServer SimpleXMLRPCServer site smtpd
smtplib sndhdr socket SocketServer socketserver spwd sqlite3 sre sre_compile sre_constants sre_parse ssl stat statistics statvfs string StringIO
stringprep strop struct subprocess sunau sunaudio symbol symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios test textwrap this
thread threading time timeit Tix tkColorChooser tkCommonDialog Tkconstants Tkdnd tkFileDialog tkFont Tkinter tkinter tkMessageBox tkSimpleDialog token
tokenize tomllib trace traceback tracemalloc ttk tty turtle turtledemo types typing unicodedata unittest urllib urllib2 urlparse UserDict UserList
UserString uu uuid venv warnings wave weakref webbrowser whichdb winreg winsound wsgiref xdrlib xml xmllib xmlrpc xmlrpclib zipapp zipfile zipimport
zlib zoneinfo
"""

STANDARD = frozenset(_STANDARD.split())
"""Top-level modules of the standard library, of all versions."""

DANGEROUS = {
    "runs commands": """
os posix nt os2 subprocess _posixsubprocess _winapi commands popen2 pty pipes posixfile platform.popen platform._syscmd_ver platform._syscmd_file
platform.architecture platform.libc_ver imaplib.IMAP4_stream asyncio.subprocess asyncio.create_subprocess_exec asyncio.create_subprocess_shell
asyncio.unix_events asyncio.windows_events asyncio.base_subprocess uuid _osx_support _aix_support _ios_support _android_support _pyrepl webbrowser
antigravity cgi cgitb mailcap turtledemo this distutils setuptools pkg_resources _distutils_hack pip ensurepip venv virtualenv wheel zipapp compileall
py_compile msilib numpy.distutils torch.utils.collect_env torch.utils.cpp_extension torch.utils.hipify torch.utils.bottleneck
torch._inductor.codecache torch.distributed.run torch.distributed.launch torch.distributed.elastic tensorflow.python.tools psutil.Popen pexpect
ptyprocess sh plumbum invoke fabric paramiko execnet ansible tornado.process twisted git.cmd git.Git git.repo pwn pyspark.shell scipy.weave
cupy.cuda.compiler nltk.internals.java nltk.downloader onnx.backend ray.util.client ray.job_submission IPython.utils IPython.core jupyter_client
nbconvert wandb.sdk mlflow.projects xdist pytest _pytest nose py._process py._code test.support test.libregrtest test.regrtest
""",
    "runs Python code": """
builtins.eval builtins.exec builtins.execfile builtins.compile builtins.__import__ builtins.input builtins.raw_input builtins.apply builtins.reload
builtins.breakpoint builtins.help builtins.__build_class__ runpy codeop pdb bdb cProfile _lsprof hotshot timeit doctest unittest pydoc idlelib lib2to3
importlib _imp _frozen_importlib _frozen_importlib_external imp ihooks imputil pkgutil zipimport modulefinder rlcompleter rexec Bastion site
sitecustomize usercustomize sre_compile.compile types.FunctionType types.CodeType types.LambdaType types.coroutine types.MethodType types.ModuleType
types.prepare_class types.DynamicClassAttribute concurrent _interpreters _interpqueues _interpchannels _xxsubinterpreters _xxinterpchannels _testcapi
_testinternalcapi symtable dis _opcode typing.get_type_hints typing.ForwardRef typing._eval_type typing.evaluate_forward_ref annotationlib
inspect.getattr_static inspect.get_annotations inspect.Signature.from_callable dataclasses.make_dataclass dataclasses._create_fn
collections._make_nmtuple string.Formatter ctypes.util tkinter turtle Tkinter Tix tkColorChooser tkCommonDialog Tkdnd tkFileDialog tkFont tkMessageBox
tkSimpleDialog numpy.testing scipy._lib._ccallback scipy.LowLevelCallable scipy._lib.decorator decorator.FunctionMaker decorator.decorate torch.hub
torch.package torch.jit.unsupported_tensor_ops torch.jit.CompilationUnit torch.jit.frontend torch.jit._script torch.jit.annotations torch._dynamo
torch._inductor torch._functorch torch.fx.experimental torch.fx.graph.PythonCode torch.fx.graph_module torch.fx.graph._exec_with_source
torch.utils._config_module torch.utils.data.datapipes.utils.decoder torch.distributed.rpc torch.distributed._tools torch.distributed.nn.jit
torch.ops.load_library torch.classes.load_library torch._ops._Ops.load_library torch.onnx torch.cuda._compile_kernel
torch.utils._cpp_extension_versioner torch.utils.model_dump torch.utils.show_pickle torch._C._jit torch.cuda.jiterator tensorflow.py_function
tensorflow.numpy_function tensorflow.py_func tensorflow.load_op_library tensorflow.load_library tensorflow.python.ops.script_ops
tensorflow.python.framework.load_library tensorflow.python.autograph tensorflow.autograph keras.utils.generic_utils.func_load keras.utils.func_load
keras.src.utils.python_utils keras.utils.python_utils keras.layers.core.lambda_layer keras.src.layers.core.lambda_layer tensorflow.keras.layers.Lambda
keras.layers.Lambda tf_keras.layers.Lambda pandas.eval pandas.core.computation pandas.DataFrame.eval pandas.DataFrame.query
pandas.core.frame.DataFrame.eval pandas.core.frame.DataFrame.query numexpr.evaluate numexpr.necompiler sympy.sympify sympy.parsing sympy.lambdify
sympy.utilities.lambdify sympy.utilities.autowrap sympy.printing.preview simpleeval asteval RestrictedPython IPython ipykernel jinja2 mako.template
mako.runtime tornado.template chameleon Cheetah genshi.template numba.core.serialize numba.pycc numba.core.pythonapi llvmlite cython Cython pyximport
cffi cppyy pybind11 pycuda.compiler triton.compiler triton.runtime cloudpickle.cloudpickle._make_function cloudpickle.cloudpickle._builtin_type
cloudpickle.cloudpickle.subimport cloudpickle.cloudpickle.dynamic_subimport cloudpickle.cloudpickle._make_skel_func
cloudpickle.cloudpickle._make_skeleton_class cloudpickle.cloudpickle._make_skeleton_enum cloudpickle.cloudpickle._fill_function
cloudpickle.cloudpickle._function_setstate cloudpickle.cloudpickle._class_setstate cloudpickle.cloudpickle._make_cell
cloudpickle.cloudpickle._make_empty_cell cloudpickle.cloudpickle_fast cloudpickle dill._dill._create_function dill._dill._create_code
dill._dill._create_lock dill._dill._create_filehandle dill._dill._create_stringi dill._dill._create_stringo dill._dill._import_module
dill._dill._get_attr dill._dill._getattribute dill._dill._setitems dill._dill._shims dill._dill.loads dill._dill.load dill._dill._create_cell
dill.source dill.temp dill.session dill.load dill.loads dill.dill transformers.dynamic_module_utils transformers.pipelines.pipeline
transformers.pipeline diffusers.utils.dynamic_modules_utils pydantic.create_model pydantic.main.create_model pyarrow.jvm networkx.readwrite.gpickle
gym.envs.registration.load gymnasium.envs.registration attr._make._make_method attr._make._linecache_and_compile pyspark.cloudpickle ray.cloudpickle
srsly.cloudpickle joblib.externals.cloudpickle joblib.externals.loky hydra._internal omegaconf.OmegaConf.register_new_resolver numpy.f2py
code.interact code.InteractiveInterpreter code.InteractiveConsole code.compile_command profile.run profile.runctx profile.Profile profile.main
trace.Trace trace.main sched.scheduler sympy.core.sympify.sympify attr._make._eval_snippets hydra.utils.instantiate hydra.utils.call
hydra.utils.get_method hydra.utils.get_class sqlalchemy.util.langhelpers functools.singledispatchmethod parser.suite parser.expr
""",
    "loads another pickle": """
pickle _pickle cPickle pickletools shelve marshal dill._dill.Unpickler dill.Unpickler joblib.load joblib.numpy_pickle.load
joblib.numpy_pickle_compat.load_compatibility joblib.numpy_pickle._unpickle joblib.numpy_pickle_compat.NumpyUnpickler
joblib.numpy_pickle.NumpyUnpickler sklearn.externals.joblib.load pandas.read_pickle pandas.io.pickle pandas.compat.pickle_compat pandas.io.common
pandas.read_hdf pandas.HDFStore pandas.io.pytables numpy.load numpy.lib.npyio numpy.lib._npyio_impl numpy.lib.format numpy.lib._format_impl
numpy.core.multiarray._load_from_filelike torch.load torch.serialization.load torch.serialization._load torch.serialization._legacy_load
torch.jit.load torch.jit._serialization torch.utils.model_zoo torch.distributed.distributed_c10d torch.utils.serialization
torch._weights_only_unpickler jsonpickle hickle klepto cloudpickle.load cloudpickle.loads cloudpickle.cloudpickle.loads yaml.load yaml.unsafe_load
yaml.full_load yaml.load_all yaml.unsafe_load_all yaml.constructor ruamel.yaml skops.io._utils compress_pickle mpire multiprocess
lightgbm.basic.pickle xgboost.core.pickle keras.models.load_model keras.saving keras.src.saving.saving_api tensorflow.keras.models
tensorflow.saved_model tensorflow.python.keras.saving tf_keras.saving tf_keras.models scikeras._saving_utils mlflow.sklearn.load_model
mlflow.pyfunc.load_model
""",
    "opens files": """
builtins.open builtins.file io.open io.open_code io.FileIO _io.open _io.open_code _io.FileIO _pyio.open _pyio.FileIO io.OpenWrapper _io.OpenWrapper
codecs.open codecs.EncodedFile tempfile shutil fileinput linecache _linecache glob filecmp dbm dbhash anydbm dumbdbm gdbm bsddb _dbm _gdbm whichdb
sqlite3 _sqlite3 mmap mailbox mhlib dircache zipfile tarfile gzip bz2.BZ2File bz2.open lzma.LZMAFile lzma.open compression.zstd.open
compression.zstd.ZstdFile compression.gzip compression.bz2.BZ2File compression.bz2.open compression.lzma.LZMAFile compression.lzma.open _compression
wave aifc sunau sndhdr imghdr binhex uu.encode uu.decode toaiff tokenize.open tokenize.generate_tokens netrc pathlib xml.etree.ElementTree.parse
xml.etree.ElementTree.iterparse xml.etree.cElementTree.parse xml.etree.cElementTree.iterparse xml.dom xml.sax logging.FileHandler logging.handlers
logging.config logging.basicConfig tomllib.load configparser.ConfigParser.read configparser.RawConfigParser.read mimetypes gettext
locale.bindtextdomain pyclbr tabnanny numpy.fromfile numpy.core.multiarray.fromfile numpy._core.multiarray.fromfile numpy.loadtxt numpy.genfromtxt
numpy.save numpy.savez numpy.savetxt numpy.DataSource numpy.lib._datasource numpy.ndarray.tofile numpy.ndarray.dump torch.save
torch.serialization.save torch.from_file torch.UntypedStorage.from_file torch.serialization._open_file torch.serialization._open_zipfile_reader
torch.serialization._open_file_like torch.PyTorchFileReader torch._C.PyTorchFileReader torch._C.PyTorchFileWriter torch.utils.tensorboard
torch.utils.data.datapipes.iter tensorflow.io tensorflow.gfile tensorflow.python.lib.io tensorflow.python.platform.gfile pandas.read_csv
pandas.read_table pandas.read_json pandas.read_parquet pandas.read_excel pandas.read_sql pandas.io.parsers pandas.io.sql pandas.io.json pandas.io.html
pandas.io.xml pandas.io.excel joblib.dump joblib.numpy_pickle.dump joblib.disk h5py.File h5py._hl.files fsspec smart_open PIL.Image.open cv2.imread
cv2.imwrite cv2.VideoCapture imageio soundfile safetensors.torch.save_file aiofiles py.path py._path watchdog plistlib.load plistlib.readPlist
plistlib.readPlistFromFile chunk.Chunk scipy.io.loadmat scipy.io.savemat scipy.io.mmread scipy.io.wavfile
""",
    "opens network connections": """
socket _socket ssl _ssl http.client http.server httplib BaseHTTPServer SimpleHTTPServer CGIHTTPServer urllib.request urllib.robotparser urllib2 urllib
robotparser ftplib smtplib smtpd telnetlib imaplib poplib nntplib xmlrpc xmlrpclib SimpleXMLRPCServer DocXMLRPCServer socketserver SocketServer
asyncore asynchat asyncio _asyncio select selectors wsgiref logging.SocketHandler nis getpass requests.get requests.post requests.put requests.delete
requests.head requests.options requests.patch requests.request requests.api requests.adapters requests.sessions.Session.get requests.Session.get
urllib3 httpx aiohttp httplib2 pycurl tornado websocket websockets grpc boto boto3 botocore s3fs gcsfs huggingface_hub wget gdown kagglehub kaggle
datasets.load_dataset datasets.load torch.utils.data.datapipes.iter.HttpReader torch.distributed.init_process_group torch.distributed.TCPStore
tensorflow.keras.utils.get_file keras.utils.get_file keras.src.utils.file_utils keras.utils.data_utils tf_keras.utils.get_file transformers.utils.hub
transformers.file_utils pymysql psycopg2 psycopg mysql ldap3 pyftpdlib smbprotocol impacket selenium playwright pyppeteer splinter mechanize
""",
    "loads native code": """
ctypes _ctypes _ctypes_test _dl DLFCN numpy.ctypeslib numpy.ctypeslib._ctypeslib winreg _winreg msvcrt _cffi_backend win32api win32com pythoncom
comtypes win32process win32file win32con pywintypes objc jpype jnius py4j pyodide llvmlite.binding numba.cuda.cudadrv
onnxruntime.SessionOptions.register_custom_ops_library torch._C._load
""",
    "reaches into the running interpreter": """
sys gc inspect builtins.globals builtins.locals builtins.vars builtins.delattr builtins.setattr builtins.exit builtins.quit builtins.dir threading
_thread thread _threading_local dummy_threading _dummy_thread multiprocessing _multiprocessing signal _signal atexit faulthandler tracemalloc
_tracemalloc resource sysconfig fcntl termios tty syslog copyreg.pickle copyreg.add_extension copyreg.remove_extension copyreg.clear_extension_cache
copyreg.dispatch_table copyreg._extension_registry copyreg._inverted_registry copyreg._extension_cache copyreg.constructor functools.update_wrapper
functools.wraps weakref.finalize weakref.WeakMethod contextlib.ExitStack contextlib.closing abc._abc_init _remote_debugging readline curses _curses
_curses_panel pwd grp spwd crypt linuxaudiodev ossaudiodev winsound _sitebuiltins _bootsubprocess _bootlocale cmd.Cmd
""",
    "calls any function it is given": """
operator.call _operator.call _operator._call numpy.apply_along_axis numpy.apply_over_axes numpy.fromfunction numpy.frompyfunc numpy.piecewise
numpy.lib.function_base.apply_along_axis pandas.DataFrame.apply pandas.Series.apply pandas.DataFrame.pipe pandas.core.common.pipe
pandas.core.frame.DataFrame.apply pandas.core.series.Series.apply torch.utils._pytree.tree_map torch.multiprocessing torch.utils.data._utils.worker
jax.tree_util.tree_map toolz.pipe toolz.functoolz.pipe cytoolz.pipe tlz.pipe dask.delayed.delayed scipy.optimize.minimize scipy.optimize.root
scipy.optimize.brute scipy.integrate.quad contextvars.Context.run
""",
}
"""What names do, and the names that do it."""

_HARMLESS = """
builtins.object builtins.int builtins.long builtins.float builtins.complex builtins.bool builtins.str builtins.unicode builtins.basestring
builtins.bytes builtins.bytearray builtins.list builtins.tuple builtins.dict builtins.set builtins.frozenset builtins.slice builtins.range
builtins.xrange builtins.enumerate builtins.zip builtins.reversed builtins.iter builtins.type builtins.property builtins.staticmethod
builtins.classmethod builtins.super builtins.memoryview builtins.buffer builtins.Ellipsis builtins.NotImplemented collections.* _collections.*
_collections_abc.* collections.abc.* datetime.* _datetime.* _pydatetime.* decimal.* _decimal.* _pydecimal.* fractions.* numbers.* uuid.UUID
uuid.SafeUUID pathlib.Path pathlib.PosixPath pathlib.WindowsPath pathlib.PurePath pathlib.PurePosixPath pathlib.PureWindowsPath pathlib._local.Path
pathlib._local.PosixPath pathlib._local.WindowsPath pathlib._local.PurePath pathlib._local.PurePosixPath pathlib._local.PureWindowsPath _codecs.encode
_codecs.decode codecs.encode codecs.decode codecs.lookup codecs.CodecInfo copyreg._reconstructor copyreg.__newobj__ copyreg.__newobj_ex__
copyreg.pickle_complex copyreg._slotnames functools.partial _functools.partial functools.partialmethod functools.lru_cache functools.cmp_to_key
operator.itemgetter _operator.itemgetter operator.attrgetter _operator.attrgetter operator.getitem _operator.getitem operator.or_ _operator.or_
re._compile re.compile sre.compile sre._compile re.Pattern re.RegexFlag re.template array.* _struct.Struct struct.Struct random.Random
random.SystemRandom _random.Random ipaddress.* zoneinfo.ZoneInfo zoneinfo.ZoneInfo._unpickle zoneinfo._zoneinfo.ZoneInfo._unpickle
zoneinfo._common.ZoneInfo._unpickle _zoneinfo.ZoneInfo._unpickle types.SimpleNamespace types.MappingProxyType types.GenericAlias types.UnionType
types.NoneType types.EllipsisType types.NotImplementedType enum.* typing.* typing_extensions.* _typing.* itertools.count itertools.cycle
itertools.repeat itertools.chain itertools.chain.from_iterable itertools.islice itertools.product itertools.permutations itertools.combinations
itertools.combinations_with_replacement itertools.zip_longest itertools.compress itertools.tee itertools._tee itertools.pairwise itertools.batched
weakref.ref weakref.WeakKeyDictionary weakref.WeakValueDictionary weakref.WeakSet weakref.ReferenceType _weakref.ref _weakrefset.WeakSet io.BytesIO
io.StringIO _io.BytesIO _io.StringIO StringIO.* cStringIO.* queue.Queue calendar.* time.struct_time string.Template string.ascii_letters
argparse.Namespace optparse.Values logging.getLogger logging.Logger logging.RootLogger logging.Formatter logging.LogRecord logging.LoggerAdapter
logging.PlaceHolder logging.NullHandler logging._nameToLevel dataclasses.Field dataclasses._MISSING_TYPE dataclasses._HAS_DEFAULT_FACTORY_CLASS
dataclasses._FIELD_BASE dataclasses._KW_ONLY_TYPE dataclasses.InitVar dataclasses._DataclassParams dataclasses.field dataclasses.FrozenInstanceError
inspect.Signature inspect.Parameter inspect._ParameterKind inspect._empty inspect.BoundArguments ast.* email.message.* email.header.*
email.headerregistry.* email.charset.* email._policybase.* email.policy.* email.utils.formatdate http.HTTPStatus http.HTTPMethod http.cookies.*
http.cookiejar.* Cookie.* cookielib.* urllib.parse.* urlparse.* urllib.error.* xml.etree.ElementTree.Element xml.etree.ElementTree.ElementTree
xml.etree.ElementTree.TreeBuilder xml.etree.ElementTree._Element_Py xml.dom.minidom.Document xml.dom.minidom.Element xml.dom.minidom.Text
pickle.PickleBuffer pickle.PickleError pickle.PicklingError pickle.UnpicklingError _pickle.PickleError _pickle.PicklingError _pickle.UnpicklingError
ctypes.c_int ctypes.c_long ctypes.c_float ctypes.c_double ctypes.c_bool ctypes.c_char_p ctypes.c_void_p statistics.NormalDist
statistics.StatisticsError textwrap.TextWrapper difflib.* heapq.* bisect.* json.JSONEncoder json.JSONDecoder json.encoder.JSONEncoder
json.decoder.JSONDecoder json.decoder.JSONDecodeError math.* cmath.* colorsys.* exceptions.* subprocess.CalledProcessError subprocess.TimeoutExpired
socket.timeout socket.gaierror socket.herror concurrent.futures._base.TimeoutError concurrent.futures._base.CancelledError
concurrent.futures.thread.BrokenThreadPool concurrent.futures.process.BrokenProcessPool concurrent.futures._base.BrokenExecutor asyncio.exceptions.*
multiprocessing.context.TimeoutError os.stat_result posix.stat_result os.PathLike os.error os.terminal_size posix.terminal_size os.times_result
os.uname_result copy.* graphlib.* platform.uname_result sys.float_info sys.version_info sets.Set sets.ImmutableSet UserDict.* UserList.* UserString.*
dill._dill._create_array dill._dill._create_namedtuple dill._dill._load_type dill._dill._eval_repr
numpy._core._internal._convert_to_stringdtype_kwargs numpy.core._internal._convert_to_stringdtype_kwargs subprocess.CompletedProcess
socket.AddressFamily socket.SocketKind socket.MsgFlag socket.AddressInfo signal.Signals signal.Handlers signal.Sigmasks ssl.TLSVersion ssl.VerifyMode
ssl.VerifyFlags ssl.Options ssl.AlertDescription ssl.SSLErrorNumber posix.uname_result posix.times_result nt.stat_result os.statvfs_result
posix.statvfs_result os.sched_param posix.sched_param pwd.struct_passwd grp.struct_group resource.struct_rusage threading.ExceptHookArgs sys.flags
operator.methodcaller _functools.reduce functools.reduce builtins.map builtins.filter itertools.starmap itertools.filterfalse itertools.takewhile itertools.dropwhile
itertools.accumulate itertools.groupby zipfile.ZipInfo tarfile.TarInfo zipfile.BadZipFile numpy.dtype numpy.ndarray numpy.generic numpy.matrix
numpy.recarray numpy.record numpy.poly1d numpy.ufunc numpy.broadcast numpy.nditer numpy.flatiter numpy.array numpy.asarray numpy.empty numpy.zeros
numpy.ones numpy.vectorize numpy.bool numpy.nan numpy.chararray numpy.core.multiarray._reconstruct numpy._core.multiarray._reconstruct
numpy.core.multiarray.scalar numpy._core.multiarray.scalar numpy.core.multiarray.array numpy._core.multiarray.array numpy.core.multiarray.dtype
numpy.core.multiarray.ndarray numpy.core._multiarray_umath._reconstruct numpy._core._multiarray_umath._reconstruct numpy.core._multiarray_umath.scalar
numpy._core._multiarray_umath.scalar numpy.core.numeric._frombuffer numpy._core.numeric._frombuffer numpy.core.numeric.ones numpy.core.numeric.zeros
numpy.core._ufunc_reconstruct numpy._core._ufunc_reconstruct numpy.core._DType_reconstruct numpy._core._DType_reconstruct
numpy._core._convert_to_stringdtype_kwargs numpy._convert_to_stringdtype_kwargs numpy.core.records.recarray numpy.core.records.record
numpy._core.records.recarray numpy._core.records.record numpy.rec.recarray numpy.rec.record numpy.ma.core._mareconstruct
numpy.ma.mrecords._mrreconstruct numpy.ma.core.mvoid numpy.ma.core._arraymethod numpy.matrixlib.defmatrix.matrix numpy.lib.polynomial.poly1d
numpy.lib._polynomial_impl.poly1d numpy.random.__RandomState_ctor numpy.random._pickle.__randomstate_ctor numpy.random._pickle.__bit_generator_ctor
numpy.random._pickle.__generator_ctor numpy.random.__randomstate_ctor numpy.random.mtrand.__randomstate_ctor numpy.random.mtrand.__RandomState_ctor
numpy.random.mtrand.get_state numpy.core.defchararray.chararray numpy.char.chararray scipy.sparse.csr_matrix scipy.sparse.csc_matrix
scipy.sparse.coo_matrix scipy.sparse.dok_matrix scipy.sparse.lil_matrix scipy.sparse.dia_matrix scipy.sparse.bsr_matrix scipy.sparse._csr.csr_matrix
scipy.sparse._csc.csc_matrix scipy.sparse.csr.csr_matrix scipy.sparse.csc.csc_matrix scipy.sparse._coo.coo_matrix scipy.sparse.coo.coo_matrix
scipy.sparse._dok.dok_matrix scipy.sparse._lil.lil_matrix scipy.sparse._dia.dia_matrix scipy.sparse._bsr.bsr_matrix scipy.sparse._csr.csr_array
scipy.sparse._csc.csc_array scipy.sparse._coo.coo_array scipy.spatial.ckdtree.cKDTree scipy.spatial._ckdtree.cKDTree scipy.spatial.cKDTree
scipy.spatial._kdtree.KDTree scipy.interpolate.interpolate.interp1d scipy.interpolate._interpolate.interp1d
scipy.stats._distn_infrastructure.rv_frozen scipy.stats._distn_infrastructure.rv_continuous_frozen
scipy.stats._distn_infrastructure.rv_discrete_frozen scipy.stats._distn_infrastructure.rv_sample scipy.stats.kde.gaussian_kde
scipy.stats._kde.gaussian_kde sklearn.neighbors._dist_metrics.newObj sklearn.neighbors.dist_metrics.newObj sklearn.metrics._dist_metrics.newObj
sklearn.neighbors._kd_tree.newObj sklearn.neighbors.kd_tree.newObj sklearn.neighbors._ball_tree.newObj sklearn.neighbors.ball_tree.newObj
sklearn.base.clone sklearn.linear_model.sgd_fast.Hinge sklearn.tree._tree.Tree pandas._libs.tslibs.timestamps._unpickle_timestamp
pandas._libs.tslib.Timestamp pandas._libs.tslibs.timedeltas._timedelta_unpickle pandas._libs.tslibs.nattype._nat_unpickle
pandas._libs.tslibs.nattype.__nat_unpickle pandas._libs.tslibs.period._period_unpickle pandas.core.internals.blocks.new_block
pandas.core.internals.blocks.make_block pandas.core.indexes.base._new_Index pandas.core.arrays.sparse.array._make_sparse pandas._libs.missing.NA
pandas._libs.missing._reduce_NA pandas._libs.internals._unpickle_block pandas.tslib.__nat_unpickle pandas._libs.tslib.__nat_unpickle
pandas.core.internals.managers.create_block_manager_from_blocks pandas._libs.tslibs.offsets._offset pandas._libs.tslibs.offsets.prefix_mapping
pandas._libs.arrays.NDArrayBacked pandas._libs.properties.cache_readonly torch.device torch.Size torch.dtype torch.layout torch.memory_format
torch._utils._rebuild_tensor torch._utils._rebuild_parameter torch.storage._load_from_bytes torch.serialization._get_layout
torch.jit._pickle.build_intlist torch.jit._pickle.build_tensorlist torch.jit._pickle.build_doublelist torch.jit._pickle.build_boollist
torch.jit._pickle.build_tensor_from_id torch.jit._pickle.restore_type_tag torch._tensor._rebuild_from_type torch._tensor._rebuild_from_type_v2
torch._tensor._rebuild_from_type_func torch.tensor torch.nn.parameter._rebuild_parameter torch.Tensor torch.finfo torch.iinfo torch.per_tensor_affine
torch.per_channel_affine torch.float torch.float16 torch.float32 torch.float64 torch.bfloat16 torch.int8 torch.int16 torch.int32 torch.int64
torch.uint8 torch.long torch.bool torch.strided torch.sparse_coo joblib.numpy_pickle.NumpyArrayWrapper joblib.numpy_pickle_compat.NDArrayWrapper
joblib.numpy_pickle_compat.ZNDArrayWrapper joblib.numpy_pickle.NDArrayWrapper joblib.numpy_pickle.ZNDArrayWrapper joblib.hashing._ConsistentSet
joblib.hashing._MyHash xgboost.core.Booster lightgbm.basic.Booster catboost.core.CatBoost _catboost._CatBoost catboost._catboost._CatBoost
spacy.strings.StringStore spacy.vocab.unpickle_vocab spacy.tokens.doc.unpickle_doc pytz._p pytz._UTC pytz.utc dateutil.tz.tz.tzfile
dateutil.tz.tz.tzutc dateutil.tz.tz.tzlocal dateutil.tz.tz.tzoffset dateutil.tz.tz.tzrange dateutil.tz.tz.tzstr dateutil.zoneinfo.tzfile
dateutil.tz.tzutc dateutil.tz.tzfile dateutil.tz.tzlocal pyarrow.lib._restore_array pyarrow.lib.type_for_alias pyarrow.lib.py_buffer
pyarrow.lib.schema pyarrow.lib.field pyarrow.lib.struct pyarrow.lib.list_ pyarrow.lib.dictionary pyarrow.lib.timestamp pyarrow.lib.chunked_array
pyarrow.lib.table pyarrow.lib.string pyarrow.lib.array pyarrow.lib.decimal128 pyarrow.lib.map_ pyarrow.lib.large_list
jax._src.array._reconstruct_array flax.core.frozen_dict.FrozenDict ml_dtypes.bfloat16 shapely.wkb.loads shapely.io.from_wkb frozendict.frozendict
attr._make._Nothing bitarray.bitarray bitarray._bitarray_reconstructor astropy.units.core._recreate_irreducible_unit regex._main.compile
regex.regex.compile pyrsistent._pmap.pmap pyrsistent._pvector.pvector pyrsistent._plist.plist pyrsistent._pset.pset gmpy2.from_binary gmpy2.mpz
numpy.datetime64
"""
HARMLESS = frozenset(_HARMLESS.split())
"""Names that may be called: data types, and functions that put objects together from data. `datetime.*`: all of a module, but nothing of what is in that."""

HARMLESS_TYPES = re.compile(
    r"numpy\.(?:u?int|float|complex|longlong|ulonglong|longdouble|clongdouble|bool_?|bool8|str_?|bytes_|void|object_?|unicode_|string_|datetime64|timedelta64|half|single|double|u?byte|u?short|u?intc|u?intp|intp|csingle|cdouble|[cs]?longdouble)[0-9]*"
    r"|ml_dtypes\.(?:u?int|b?float)\w*"
    r"|torch\.(?:q?u?int|float|complex|bfloat|bool)\w*"
    r"|(?:torch|torch\.(?:storage|cuda|sparse))\.\w*(?:Storage|Tensor)"
)
"""Types with names in lower case that are called with one value."""

RECONSTRUCTORS = re.compile(r"__pyx_unpickle_\w+|_+(?:ufunc_)?reconstruct\w*|_+rebuild_\w+|_+unpickle\w*|_new_\w+|_\w*_(?:unpickle|reconstruct|ctor)")
"""Names, in modules that are not part of Python, that functions have which put an object together from its state."""

_PYTHON2_MODULES = """
__builtin__=builtins copy_reg=copyreg Queue=queue SocketServer=socketserver ConfigParser=configparser repr=reprlib tkFileDialog=tkinter.filedialog
tkSimpleDialog=tkinter.simpledialog tkColorChooser=tkinter.colorchooser tkCommonDialog=tkinter.commondialog Dialog=tkinter.dialog Tkdnd=tkinter.dnd
tkFont=tkinter.font tkMessageBox=tkinter.messagebox ScrolledText=tkinter.scrolledtext Tkconstants=tkinter.constants Tix=tkinter.tix ttk=tkinter.ttk
Tkinter=tkinter markupbase=_markupbase _winreg=winreg thread=_thread dummy_thread=_dummy_thread dbhash=dbm.bsd dumbdbm=dbm.dumb dbm=dbm.ndbm
gdbm=dbm.gnu xmlrpclib=xmlrpc.client SimpleXMLRPCServer=xmlrpc.server httplib=http.client htmlentitydefs=html.entities HTMLParser=html.parser
Cookie=http.cookies cookielib=http.cookiejar BaseHTTPServer=http.server test.test_support=test.support commands=subprocess urlparse=urllib.parse
robotparser=urllib.robotparser urllib2=urllib.request anydbm=dbm _abcoll=collections.abc cPickle=pickle _elementtree=xml.etree.ElementTree
FileDialog=tkinter.filedialog SimpleDialog=tkinter.simpledialog DocXMLRPCServer=xmlrpc.server SimpleHTTPServer=http.server CGIHTTPServer=http.server
UserDict=collections UserList=collections UserString=collections whichdb=dbm StringIO=io cStringIO=io exceptions=builtins
"""
_PYTHON2_NAMES = """
__builtin__.xrange=builtins.range __builtin__.reduce=functools.reduce __builtin__.intern=sys.intern __builtin__.unichr=builtins.chr
__builtin__.unicode=builtins.str __builtin__.long=builtins.int itertools.izip=builtins.zip itertools.imap=builtins.map
itertools.ifilter=builtins.filter itertools.ifilterfalse=itertools.filterfalse itertools.izip_longest=itertools.zip_longest
UserDict.IterableUserDict=collections.UserDict UserList.UserList=collections.UserList UserString.UserString=collections.UserString
whichdb.whichdb=dbm.whichdb _socket.fromfd=socket.fromfd _multiprocessing.Connection=multiprocessing.connection.Connection
multiprocessing.process.Process=multiprocessing.context.Process multiprocessing.forking.Popen=multiprocessing.popen_fork.Popen
urllib.ContentTooShortError=urllib.error.ContentTooShortError urllib.getproxies=urllib.request.getproxies
urllib.pathname2url=urllib.request.pathname2url urllib.quote_plus=urllib.parse.quote_plus urllib.quote=urllib.parse.quote
urllib.unquote_plus=urllib.parse.unquote_plus urllib.unquote=urllib.parse.unquote urllib.url2pathname=urllib.request.url2pathname
urllib.urlcleanup=urllib.request.urlcleanup urllib.urlencode=urllib.parse.urlencode urllib.urlopen=urllib.request.urlopen
urllib.urlretrieve=urllib.request.urlretrieve urllib2.HTTPError=urllib.error.HTTPError urllib2.URLError=urllib.error.URLError
multiprocessing.AuthenticationError=multiprocessing.context.AuthenticationError multiprocessing.BufferTooShort=multiprocessing.context.BufferTooShort
multiprocessing.ProcessError=multiprocessing.context.ProcessError multiprocessing.TimeoutError=multiprocessing.context.TimeoutError
__builtin__.basestring=builtins.str UserDict.UserDict=collections.UserDict socket._socketobject=socket.SocketType
"""
PYTHON2_MODULES = dict(pair.split("=") for pair in _PYTHON2_MODULES.split())
"""What Python 3 imports for a module of Python 2."""
PYTHON2_NAMES = dict(pair.split("=") for pair in _PYTHON2_NAMES.split())
"""What Python 3 imports for one name of Python 2."""

GATEWAYS = frozenset(
    (
        "os sys subprocess builtins posix nt ctypes importlib socket shutil pickle cPickle marshal runpy pty webbrowser multiprocessing threading "
        "inspect asyncio tempfile linecache urllib urllib2 popen2 pkgutil imp pdb timeit codeop zipimport sysconfig cloudpickle"
    ).split()
)
"""Modules that other modules have among their names: `numpy.core._internal.sys.modules` is `sys.modules`."""

REACHING = frozenset(
    "system popen exec eval execv execve spawn spawnl spawnv run call check_output Popen fork loads load open import_module modules globals builtins getattr setattr".split()
)
"""Attributes that nobody asks an honest object for."""
