/**
 * What Microsoft means when it refuses a call or OPTIONS, and what helps. Codes and texts as Microsoft writes them into
 * the Reason header (teams-direct-routing.md §6 and §7.11). Data alone.
 */
export interface Explanation {
  readonly meaning: string;
  readonly remedy: string;
}

const unknownGateway: Explanation = {
  meaning: 'no tenant knows a gateway with this FQDN, or its voice route names no gateway',
  remedy:
    'register exactly the gateways of status.gateways in the tenant (New-CsOnlinePSTNGateway), with a verified domain, and put them into a voice route',
};

/** Words of the Reason header in lower case; the first that occurs wins. */
export const explanationsByText: readonly (readonly [string, Explanation])[] = [
  [
    'record-route and contact headers are missing',
    {
      meaning: 'Microsoft found no FQDN of ours in the request',
      remedy: 'report it with the ladder (sbc ladder): the runtime always writes a Contact with its FQDN',
    },
  ],
  ['no trunk config was found', unknownGateway],
  [
    'provided trunk fqdn',
    {
      meaning: 'the certificate that we showed has not the FQDN under which we speak',
      remedy:
        'let the certificate cover every name of status.gateways: the condition CertificateReady lists those that it lacks',
    },
  ],
  [
    'current call site state prevents fork',
    {
      meaning: 'a policy of the tenant keeps the call from this user, most often location-based routing',
      remedy: 'look at the location-based routing and the voice routing policy of the user in the Teams admin centre',
    },
  ],
  [
    'no callee endpoints',
    {
      meaning:
        'the user is signed in nowhere, or the FQDN of this SBC is registered in Azure Communication Services too',
      remedy: 'let the user sign in to Teams, and register the FQDN in one of the two services only',
    },
  ],
  [
    'mediaoffererror',
    {
      meaning: 'Microsoft could not use the SDP that we offered',
      remedy: 'read the ladder of the call (sbc ladder) and look at spec.codecs of both trunks',
    },
  ],
  [
    'srtpencryptionrequired',
    {
      meaning: 'Microsoft was offered media without encryption',
      remedy: 'nothing may change the SDP between the SBC and Microsoft: switch off SIP ALG in firewalls',
    },
  ],
  [
    'cannotsupportanymedia',
    {
      meaning: 'no codec of the call is one that Teams takes',
      remedy: 'let spec.codecs of the PbxTrunk hold PCMA, PCMU or G722, and empty spec.codecs of the TeamsTrunk',
    },
  ],
  [
    'sdpparsingfailure',
    {
      meaning: 'Microsoft could not read our SDP',
      remedy: 'read the ladder of the call (sbc ladder) and report what the PBX wrote into its SDP',
    },
  ],
  [
    'iceconnectivitychecksfailed',
    {
      meaning: 'no media path was found between Microsoft and the pod',
      remedy: 'open the ports of spec.media.portRange for UDP, and let spec.network.addresses be the public addresses',
    },
  ],
  [
    'cannotchangertcpmultiplexing',
    {
      meaning: 'RTCP multiplexing changed in the middle of a call',
      remedy: 'report it with the ladder of the call (sbc ladder)',
    },
  ],
];

const unreachable: Explanation = {
  meaning: 'Microsoft could not reach this SBC, or TLS with it failed',
  remedy:
    'let the DNS name of the gateway point to the address of its pod, open the TLS port for Microsoft’s ranges, and look at the condition CertificateReady',
};
const mediaPath: Explanation = {
  meaning: 'no media path was found between Microsoft and the pod',
  remedy: 'open the ports of spec.media.portRange for UDP, and let spec.network.addresses be the public addresses',
};
const tenantPolicy: Explanation = {
  meaning: 'a policy of the tenant, its compliance recording or a bot ended the call',
  remedy: 'look at the policies of the user in the Teams admin centre, with the code at hand',
};
const voiceRoute: Explanation = {
  meaning: 'no voice route of the tenant leads to this call: pattern, licence or policy of the user',
  remedy: 'look at the voice routes, the PSTN usages and the licence of the user in the Teams admin centre',
};

/** Microsoft’s own codes: five or six digits, in its Reason header and in its reports. */
export const explanationsByCode: Readonly<Record<string, Explanation>> = {
  '10199': tenantPolicy,
  '10500': tenantPolicy,
  '10553': tenantPolicy,
  '10191': tenantPolicy,
  '10140': tenantPolicy,
  '10320': tenantPolicy,
  '10321': tenantPolicy,
  '10037': tenantPolicy,
  '10202': {
    meaning: 'the call that a transfer wanted to replace is gone',
    remedy: 'nothing: a transfer is tried once',
  },
  '510532': unknownGateway,
  '511404': {
    meaning: 'the called number is assigned to nobody in the tenant',
    remedy: 'send numbers in E.164 with + (spec.numbers.country of the PbxTrunk), and assign the number to a user',
  },
  '510412': {
    meaning: 'Microsoft could not read the called number',
    remedy: 'send numbers in E.164 with + (spec.numbers.country of the PbxTrunk)',
  },
  '510559': voiceRoute,
  '510560': voiceRoute,
  '510562': voiceRoute,
  '510563': voiceRoute,
  '510534': {
    meaning: 'the number is blocked in the tenant',
    remedy: 'look at the blocked numbers of the tenant (Get-CsInboundBlockedNumberPattern)',
  },
  '510544': {
    meaning: 'the tenant has no gateway for this call, or no emergency call routing policy',
    remedy: 'look at the voice routes and the emergency call routing policy of the user',
  },
  '510482': {
    meaning: 'the call came round in a circle',
    remedy: 'look for forwarding between the PBX and Teams that leads back to where it began',
  },
  '500001': {
    meaning: 'Microsoft had no answer of this SBC in time (FailoverTimeSeconds, 10 s)',
    remedy: 'let the PBX answer with 100 and 180 at once, or raise FailoverTimeSeconds of the gateway',
  },
  '1106': { meaning: 'Microsoft had no ACK for its answer', remedy: 'read the ladder of the call (sbc ladder)' },
  '531000': {
    meaning: 'Microsoft could not use the SDP of the call',
    remedy: 'read the ladder of the call (sbc ladder) and look at spec.codecs of both trunks',
  },
  '531027': {
    meaning: 'the gateway is set up for media bypass, and our SDP has no ICE candidates',
    remedy: 'switch media bypass of the gateway off (Set-CsOnlinePSTNGateway -MediaBypass $false)',
  },
  '531004': mediaPath,
  '531005': mediaPath,
  '569002': unreachable,
  '569003': unreachable,
  '569008': unreachable,
  '569009': unreachable,
  '549002': unreachable,
};

/** Where neither text nor code says more. */
export const explanationsByStatus: Readonly<Record<number, Explanation>> = {
  400: { meaning: 'Microsoft could not read the request', remedy: 'report it with the ladder (sbc ladder)' },
  401: {
    meaning: 'Microsoft does not know this SBC',
    remedy: 'register exactly the gateways of status.gateways in the tenant',
  },
  403: {
    meaning:
      'Microsoft does not take requests of this FQDN: no tenant has a gateway of that name, or its domain is not verified and in use',
    remedy:
      'register exactly the gateways of status.gateways in the tenant, verify their domain there and give one licensed user an address in it; it may take a day',
  },
  404: {
    meaning: 'the called number is assigned to nobody in the tenant',
    remedy: 'send numbers in E.164 with + (spec.numbers.country of the PbxTrunk), and assign the number to a user',
  },
  408: { meaning: 'nobody answered in time', remedy: 'nothing, where it happens to single calls' },
  410: mediaPath,
  412: {
    meaning: 'Microsoft could not read the called number',
    remedy: 'send numbers in E.164 with + (spec.numbers.country of the PbxTrunk)',
  },
  480: { meaning: 'the user is signed in nowhere', remedy: 'nothing, where it happens to single calls' },
  488: {
    meaning: 'no codec or no encryption of the call is one that Teams takes',
    remedy: 'let spec.codecs of the PbxTrunk hold PCMA, PCMU or G722, and empty spec.codecs of the TeamsTrunk',
  },
  500: {
    meaning: 'an error inside Microsoft’s service',
    remedy: 'wait, and look at the service health of Microsoft 365',
  },
  503: {
    meaning: 'the data centre takes no requests now',
    remedy: 'nothing: the next data centre serves, and this one is asked again when its Retry-After is over',
  },
  504: unreachable,
};
