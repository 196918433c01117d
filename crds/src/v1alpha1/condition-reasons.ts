/** The reasons of each condition type, as data: what a status says in one word, what that means, what helps. */

type Status = 'True' | 'False' | 'Unknown';

export interface ReasonEntry {
  /** The statuses of the condition with which the reason is used. */
  readonly statuses: readonly Status[];
  /** A sentence without a full stop. */
  readonly meaning: string;
  /** What to do about it; absent: nothing. A sentence without a full stop. */
  readonly remedy?: string;
}

const good = (meaning: string, remedy?: string): ReasonEntry => entry(['True'], meaning, remedy);
const bad = (meaning: string, remedy: string): ReasonEntry => entry(['False'], meaning, remedy);
const open = (meaning: string, remedy?: string): ReasonEntry => entry(['Unknown'], meaning, remedy);

function entry(statuses: readonly Status[], meaning: string, remedy?: string): ReasonEntry {
  return { statuses, meaning, ...(remedy !== undefined && { remedy }) };
}

const pending = {
  Pending: open(
    'The operator has not looked at this generation yet',
    'Wait some seconds; if it stays, see whether the operator runs and holds its Lease',
  ),
} as const;

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

const acceptedMember = {
  ...accepted,
  DocumentInvalid: bad(
    'The routing state that it would become part of breaks a limit of the runtime; the last good one stays in force',
    'See the SbcInstance, whose message names the limit',
  ),
  Conflict: bad(
    'An older object has the name, FQDN or number that this one wants; the oldest keeps it, this one is left out',
    'Choose another name or FQDN, or remove the older object that the message names',
  ),
  TooMany: bad(
    'The instance has more objects of this kind than one routing state can hold; the youngest are left out',
    'Move some of them to another SbcInstance',
  ),
  InvalidName: bad(
    'A name made of this object is too long or cannot be used',
    'Shorten the field that the message names: Teams takes FQDNs of at most 63 characters',
  ),
} as const;

export const acceptedTrunk = {
  ...acceptedMember,
  NoListener: bad(
    'The instance has no listener for this kind of trunk and transport',
    'Add {kind, transport, port} to spec.listeners of the SbcInstance, or change spec.transport',
  ),
  PortMismatch: bad(
    'Microsoft dials one port alone in this region, and the listener for TeamsTrunk has another',
    'Give the listener the port that the message names',
  ),
  FqdnsMismatch: bad(
    'spec.fqdns has fewer names than the instance has pods',
    'Add one name for each pod, or lower spec.replicas of the SbcInstance',
  ),
} as const;

export const acceptedRouting = {
  ...acceptedMember,
  InvalidPattern: bad(
    'A number pattern cannot be used: it is no pattern, or too large once its repetitions are written out',
    'Change the pattern that the message names; docs/api.md lists what patterns may hold',
  ),
} as const;

export const resolvedRefs = {
  ...pending,
  ResolvedRefs: good('Everything that it names is there and can be used'),
  SecretNotFound: bad(
    'A Secret that it names is not there, in this namespace',
    'Create the Secret; it is taken up without a restart',
  ),
  ConfigMapNotFound: bad(
    'A ConfigMap that it names is not there, in this namespace',
    'Create the ConfigMap; it is taken up without a restart',
  ),
  KeyNotFound: bad('A Secret or ConfigMap lacks the key that is needed', 'Add the key that the message names'),
  InvalidTrustBundle: bad(
    'A CA bundle holds no certificate that can be read',
    'Put PEM text (-----BEGIN CERTIFICATE-----) under the key that caBundleRef names',
  ),
  InvalidCredentials: bad(
    'The Secret of spec.auth has no username or no password',
    'Fill the keys username and password of the Secret',
  ),
} as const;

export const resolvedRefsMember = { ...resolvedRefs, InstanceNotFound: instanceNotFound } as const;

export const resolvedRefsRouting = {
  ...resolvedRefsMember,
  TrunkNotFound: bad(
    'A trunk that the route names is not there, belongs to another instance, or is left out for a problem of its own',
    'Create or mend the trunk, or correct the name; destinations that are there are used meanwhile, and without any its calls are answered 503',
  ),
  PolicyNotFound: bad(
    'A NumberPolicy that the route names is not there, belongs to another instance, or is left out for a problem of its own',
    'Create or mend the NumberPolicy, or correct policyRef.name; calls that the route is for are answered 503 meanwhile',
  ),
} as const;

export const certificateReady = {
  ...pending,
  Valid: good('The certificate is valid now, covers every FQDN and belongs to its key'),
  ExpiresSoon: good('The certificate is valid for less than 30 days', 'Renew it; cert-manager does so by itself'),
  IssuedUsagesDiffer: good(
    'The certificate is usable; the issuer gave it other usages than spec.tls.usages asks for',
    'Nothing, where the message speaks of client auth alone: Microsoft takes certificates without it. Else choose another profile at the issuer',
  ),
  KeyNotRsa: good(
    'The certificate is usable for PBXs; its key is not RSA, and the TLS 1.2 suites that Microsoft lists are for RSA keys',
    'Issue it with an RSA key of 2048 bits or more where the instance has TeamsTrunks',
  ),
  CertManagerNotInstalled: bad(
    'spec.tls.issuerRef is set, and the cluster has no cert-manager',
    'Install cert-manager (cert-manager.io), or bring a Secret with spec.tls.secretRef',
  ),
  Issuing: {
    statuses: ['False', 'Unknown'],
    meaning: 'cert-manager is about to issue the certificate',
    remedy: 'Wait; if it takes minutes: kubectl describe certificate, certificaterequest, order',
  },
  IssuerNotReady: bad(
    'cert-manager waits for the issuer: it is not there, or not ready itself',
    'Create the issuer that spec.tls.issuerRef names, or name another one; kubectl describe issuer says why it is not ready',
  ),
  IssuanceFailed: bad(
    'The issuer refused or could not issue the certificate',
    'The message is that of cert-manager; mend the issuer or the DNS challenge, it is tried again by itself',
  ),
  SecretNotFound: bad(
    'The Secret of the certificate is not there',
    'Create the Secret of type kubernetes.io/tls that spec.tls.secretRef names',
  ),
  InvalidKeyPair: bad(
    'tls.crt or tls.key is missing or cannot be read, or the key belongs to another certificate; the pods keep the last good one',
    'Put the certificate with its intermediates into tls.crt and its own private key into tls.key',
  ),
  NameNotCovered: bad(
    'The certificate lacks a name that pods or trunks have; Microsoft refuses it for that name',
    'Issue it with all names that the message lists; a wildcard stands for one label',
  ),
  Expired: bad('The certificate is no longer valid', 'Renew it; the pods take it up without a restart'),
  NotYetValid: bad('The certificate is not valid yet', 'Wait until then, or see whether a clock is wrong'),
  KeyTooSmall: bad('The RSA key has less than 2048 bits', 'Issue it with a key of 2048 bits or more'),
  WrongUsage: bad(
    'The certificate is not for servers (serverAuth)',
    'Issue it with the usage server auth; Microsoft demands it',
  ),
} as const;

export const addressesAssigned = {
  ...pending,
  Assigned: good('Every pod has an address of its own; status.addresses lists what DNS must say'),
  AddressMissing: bad(
    'A pod has no address yet',
    'The message names the pod and what it waits for: a node, a load balancer, or an entry of spec.network.addresses',
  ),
  AddressShared: bad(
    'Two pods have the same address; Teams refuses several gateways behind one',
    'Give each pod its own: another node, or an own entry of spec.network.addresses',
  ),
} as const;

export const programmed = {
  Pending: {
    statuses: ['False', 'Unknown'],
    meaning: 'The newest manifest is on its way to the pods',
    remedy: 'Wait some seconds; the message says what is missing',
  },
  InSync: good('Every ready pod runs it as it is written'),
  NotAccepted: bad(
    'It is left out of the routing state, or the instance keeps its last good one',
    'See the condition Accepted, or ResolvedRefs',
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
  NoReadyPod: bad(
    'No pod is ready, so nothing runs it',
    'kubectl get pods -l teams-sbc.dev/instance=<instance>; kubectl describe pod tells why',
  ),
} as const;

export const available = {
  ...pending,
  Available: good('Every pod takes calls'),
  PartlyAvailable: good(
    'Some pods take calls, others do not',
    'The message names them; kubectl describe pod tells why',
  ),
  NoReadyPod: bad(
    'No pod is ready',
    'kubectl describe pod tells why: no node that fits, an image that cannot be pulled, a port that is taken',
  ),
  Draining: bad(
    'Every pod is draining: calls that run go on, new ones are answered 503',
    'Wait until new pods are there; spec.drain.timeoutSeconds bounds it',
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
  Held: bad(
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
  CarrierMissing: open(
    'A trunk with a subdomain sends no OPTIONS of its own, and no TeamsTrunk has the FQDNs of the pods',
    'Create a TeamsTrunk of the carrier, without subdomain and fqdns',
  ),
} as const;

const notAccepted = bad('It is not accepted', 'See the condition Accepted');
const unresolved = bad('Something that it names is missing or cannot be used', 'See the condition ResolvedRefs');
const notProgrammed = bad('Not every pod runs it yet', 'See the condition Programmed');

export const readyMember = {
  ...pending,
  Ready: good('All is as it should be'),
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
  RollingOut: good(
    'Pods are being replaced one after the other, each once its calls have ended; calls are served meanwhile',
    'Wait; the message says which pod drains. To cut it short: kubectl delete pod',
  ),
} as const;
