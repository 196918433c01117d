/** The reasons of each condition type, as data: what a status says in one word, what that means, what helps. */
import { bad, good, open, passing, pending } from './reason-entry.ts';

const instanceNotFound = bad(
  'The SbcInstance of spec.sbcRef is not there, in this namespace',
  'Create it, or correct spec.sbcRef.name; what names it is taken up as soon as it exists',
);
const invalid = bad(
  'The stored manifest breaks a rule of this version of the operator; it was stored before the rule was there',
  'Change the field that the message names; until then what was accepted last stays in force',
);

const accepted = {
  ...pending,
  Accepted: good('The manifest is valid'),
  Invalid: invalid,
} as const;

export const acceptedInstance = {
  ...accepted,
  DocumentInvalid: bad(
    'The routing state made of all manifests of the instance breaks a limit of the runtime; the last good one stays in force',
    'The message names the limit; remove what was added last, or spread it over two instances',
  ),
} as const;

/** Of all that is attached to an instance. */
const acceptedMember = {
  ...accepted,
  DocumentInvalid: bad(
    'The routing state that it would become part of breaks a limit of the runtime; the last good one stays in force',
    'See the SbcInstance, whose message names the limit',
  ),
  TooMany: bad(
    'The instance has more objects of this kind, or more different CA bundles, than one routing state can hold; the youngest are left out',
    'Move some of them to another SbcInstance, or put several certificates into one bundle',
  ),
} as const;

export const acceptedPbxTrunk = {
  ...acceptedMember,
  Conflict: bad(
    'An older trunk has the name or an FQDN that this one wants; the oldest keeps it, this one is left out',
    'Choose another name or FQDN, or remove the older trunk that the message names',
  ),
  NoListener: bad(
    'The instance has no listener for this kind of trunk and transport',
    'Add {kind, transport, port} to spec.listeners of the SbcInstance, or change spec.transport',
  ),
} as const;

export const acceptedTeamsTrunk = {
  ...acceptedPbxTrunk,
  InvalidName: bad(
    'An FQDN made of this object is too long',
    'Shorten the field that the message names: Teams takes FQDNs of at most 63 characters',
  ),
  PortMismatch: bad(
    'Microsoft dials one port alone in this region, and the listener for TeamsTrunk has another',
    'Give the listener the port that the message names',
  ),
  FqdnsMismatch: bad(
    'spec.fqdns has fewer names than the instance has pods',
    'Add one name for each pod, or lower spec.replicas of the SbcInstance',
  ),
  CertificateFull: bad(
    'The certificate of the instance has no room for the FQDNs of this trunk, which Microsoft refuses without; older trunks have their place in it',
    'Move the trunk to another SbcInstance, give it spec.subdomain instead of fqdns (a wildcard covers it), or bring a certificate with spec.tls.secretRef',
  ),
} as const;

export const acceptedRouting = {
  ...acceptedMember,
  InvalidPattern: bad(
    'A number pattern cannot be used: it is no pattern, or too large once its repetitions are written out',
    'Change the pattern that the message names; docs/api.md lists what patterns may hold',
  ),
} as const;

const resolvedRefs = {
  ...pending,
  ResolvedRefs: good('Everything that it names is there and can be used'),
} as const;

const secretNotFound = {
  SecretNotFound: bad(
    'A Secret that it names is not there, in this namespace',
    'Create the Secret; it is taken up without a restart',
  ),
} as const;

export const resolvedRefsInstance = { ...resolvedRefs, ...secretNotFound } as const;

export const resolvedRefsPolicy = { ...resolvedRefs, InstanceNotFound: instanceNotFound } as const;

export const resolvedRefsTeamsTrunk = {
  ...resolvedRefsPolicy,
  SecretNotFound: bad(
    'A Secret that it names is not there, in this namespace; a trunk that was served goes on as the message says',
    'Create the Secret; it is taken up without a restart',
  ),
  ConfigMapNotFound: bad(
    'A ConfigMap that it names is not there, in this namespace; a trunk that was served goes on as the message says',
    'Create the ConfigMap; it is taken up without a restart',
  ),
  KeyNotFound: bad(
    'A Secret or ConfigMap lacks the key that is needed; a trunk that was served goes on as the message says',
    'Add the key that the message names',
  ),
  InvalidTrustBundle: bad(
    'A CA bundle holds no certificate that can be read; a trunk that was served goes on as the message says',
    'Put PEM text (-----BEGIN CERTIFICATE-----) under the key that caBundleRef names',
  ),
} as const;

export const resolvedRefsPbxTrunk = {
  ...resolvedRefsTeamsTrunk,
  InvalidCredentials: bad(
    'The Secret of spec.auth has no username or no password; a trunk that was served goes on as the message says',
    'Fill the keys username and password of the Secret',
  ),
} as const;

export const resolvedRefsRoute = {
  ...resolvedRefsPolicy,
  TrunkNotFound: bad(
    'A trunk that the route names is not there, belongs to another instance, or is left out for a problem of its own',
    'Create or mend the trunk, or correct the name; destinations that are there are used meanwhile; without any the route goes on as it was before, where all that it named then is there, else its calls are answered 503',
  ),
  PolicyNotFound: bad(
    'A NumberPolicy that the route names is not there, belongs to another instance, or is left out for a problem of its own',
    'Create or mend the NumberPolicy, or correct policyRef.name; meanwhile the route goes on as it was before, where all that it named then is there, else its calls are answered 503',
  ),
} as const;

export const programmed = {
  Pending: {
    statuses: ['False', 'Unknown'],
    meaning: 'The newest manifest is on its way to the pods',
    remedy: 'Wait some seconds; the message says what is missing',
    isProgress: true,
  },
  InSync: good('Every ready pod runs it as it is written'),
  NotAccepted: bad(
    'It is left out of the routing state, or runs as it was accepted before, or the instance keeps its last good one',
    'See the condition Accepted, or ResolvedRefs',
  ),
  ApplyFailed: bad(
    'The API server refused a part of what the instance is made of, or an object of somebody else has the name of that part; what was applied before stays in force',
    'The message is that of the API server: an admission policy, a quota, missing rights of the operator; it is tried again by itself',
  ),
  DocumentRefused: bad(
    'A pod refused the routing state and keeps the last good one',
    'The message is what the pod said; usually operator and runtime are of different releases: finish the upgrade',
  ),
  PodsOutOfSync: bad(
    'Some ready pods still run an older routing state',
    'Wait; if it stays, see whether those pods reach the API server (their log: Mirror)',
  ),
  PodsSilent: {
    statuses: ['Unknown'],
    meaning: 'The operator cannot ask the pods what they run; calls go on',
    remedy: 'Let the operator reach TCP port spec.observability.statusPort of the pods',
  },
  NoReadyPod: passing(
    'No pod is ready, so nothing runs it; the condition Available of the SbcInstance tells whether that passes',
    'kubectl get pods -l teams-sbc.dev/instance=<instance>; kubectl describe pod tells why',
  ),
} as const;

export const available = {
  ...pending,
  Available: good('Every pod takes calls'),
  PartlyAvailable: good(
    'Some pods take calls, others do not',
    'The message names them, the cause as far as it is known, and the command that tells more',
  ),
  Starting: passing('No pod is ready yet', 'Wait; after five minutes it becomes NoReadyPod'),
  NoReadyPod: bad(
    'No pod is ready',
    'kubectl describe pod tells why: no node that fits, an image that cannot be pulled, a port that is taken. Without any pod: kubectl describe statefulset',
  ),
  ApplyFailed: passing(
    'There is no pod, and none can be made: the API server refused a part of the instance, or an object of somebody else has its name',
    'The message names the obstacle; the condition Programmed says what helps',
  ),
  Draining: passing(
    'Every pod is draining: calls that run go on, new ones are answered 503. With spec.replicas 1 every planned replacement does this',
    'Wait until new pods are there: the condition Draining says how long that can take, and how to cut it short. With two replicas one of them takes calls meanwhile',
  ),
} as const;

export const draining = {
  ...pending,
  NotDraining: {
    statuses: ['False'],
    meaning: 'No pod that is to stop has calls',
    remedy: 'Nothing to do',
  },
  PodsDraining: good(
    'A pod that is to stop waits for its calls to end; new calls on it are answered 503. The message names each such pod, its calls, and when they are hung up at the latest. One that was not heard since it is to stop may have calls',
    'Wait; or end them now: kubectl annotate pod <pod> teams-sbc.dev/end-calls=now, or for all pods: lower spec.drain.timeoutSeconds',
  ),
  PodsOverdue: good(
    'A pod should have ended and is still there: its node is off or cut off, so that nobody can end it, and no new pod takes its place',
    'Where the node is gone for good: kubectl taint node <node> node.kubernetes.io/out-of-service=nodeshutdown:NoExecute, or kubectl delete pod <pod> --force. Never while its node may still run it: two pods would have one name',
  ),
} as const;

export const reachable = {
  ...pending,
  Reachable: good('Every host of the far end answers OPTIONS, from at least one pod'),
  PartlyReachable: good(
    'Some hosts of the far end answer, others do not',
    'The status lists each with its last failure',
  ),
  NoAnswer: bad(
    'No host of the far end answers',
    'Look at lastFailure of each in the status: firewall, DNS, address; the far end must know our address',
  ),
  TlsFailed: bad(
    'The connection fails at TLS',
    'lastFailure names the cause: untrusted-root and name-mismatch are about their certificate, the others about ours',
  ),
  Refused: bad(
    'The far end answers, and refuses',
    'status.lastRefusal says what that means; for Teams: the FQDN must be registered as a gateway in the tenant',
  ),
  Held: passing(
    'Every host of the far end asked us to stay away for a while (503 with Retry-After)',
    'Wait until heldUntil in the status',
  ),
  OptionsDisabled: open(
    'spec.options.periodSeconds is 0: nobody asks, calls alone show it',
    'Set a period where the far end answers OPTIONS',
  ),
  NotProgrammed: open('No pod runs the trunk yet', 'See the condition Programmed'),
  PodsSilent: open(
    'The operator cannot ask the pods; calls go on',
    'Let the operator reach TCP port spec.observability.statusPort of the pods',
  ),
} as const;

/** A trunk below a carrier's shares what the carrier's trunk meets. */
export const reachableTeams = {
  ...reachable,
  ProbedByCarrier: {
    statuses: ['True', 'False', 'Unknown'],
    meaning:
      'A trunk with a subdomain sends no OPTIONS of its own: that of the carrier does, and the status is that one’s',
    remedy: 'Where it is not True: see the condition Reachable of the TeamsTrunk that the message names',
    isProgress: true,
  },
  CarrierMissing: open(
    'A trunk with a subdomain sends no OPTIONS of its own, and no TeamsTrunk has the FQDNs of the pods',
    'Create a TeamsTrunk of the carrier, without subdomain and fqdns',
  ),
} as const;

const notAccepted = bad('It is not accepted', 'See the condition Accepted');
const unresolved = bad('Something that it names is missing or cannot be used', 'See the condition ResolvedRefs');
const notProgrammed = bad('Not every pod runs it', 'See the condition Programmed');

export const readyMember = {
  ...pending,
  Ready: good('All is as it should be'),
  Progressing: open(
    'Something is not as it should be yet, and nobody has anything to mend on this object',
    'Wait; the message says for what',
  ),
  NotAccepted: notAccepted,
  RefsNotResolved: unresolved,
  NotProgrammed: notProgrammed,
} as const;

export const readyTrunk = {
  ...readyMember,
  NotReachable: bad('The far end cannot be reached', 'See the condition Reachable'),
} as const;

export const readyInstance = {
  ...readyMember,
  CertificateNotReady: bad('The certificate cannot be used', 'See the condition CertificateReady'),
  AddressesMissing: bad('A pod has no address of its own', 'See the condition AddressesAssigned'),
  NotAvailable: bad('No pod takes calls', 'See the condition Available'),
  Deleting: open(
    'It is being deleted and is still there: finalizers hold it, or its pods are waited for; what else its status says may be old',
    'The message names the finalizers: foregroundDeletion waits for the pods, whose calls the condition Draining counts; of any other ask who wrote it. kubectl get sbcinstance <name> -o jsonpath={.metadata.finalizers}',
  ),
  RollingOut: good(
    'Pods are being replaced one after the other, each once its calls have ended; the others take new calls meanwhile',
    'Wait; the message says which pod drains. To cut it short: kubectl annotate pod <pod> teams-sbc.dev/end-calls=now. To stop it: kubectl annotate sbcinstance <name> teams-sbc.dev/hold-rollout=true',
  ),
} as const;
