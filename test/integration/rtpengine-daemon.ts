/** A real rtpengine of a test's own, in userspace, and our relay connected to it. */
import type { Log } from '../../sbc-runtime/src/kernel/log.ts';
import { silentLog } from '../../sbc-runtime/src/kernel/log.ts';
import { noMetrics } from '../../sbc-runtime/src/kernel/metrics.ts';
import { systemRandom } from '../../sbc-runtime/src/kernel/random.ts';
import { systemClock } from '../../sbc-runtime/src/kernel/system-clock.ts';
import type { MediaAnswer, MediaOffer, MediaProfile, MediaResult } from '../../sbc-runtime/src/media/media-relay.ts';
import type { BencodeDictionary } from '../../sbc-runtime/src/media/rtpengine/bencode.ts';
import type { NgLimits, NgReply } from '../../sbc-runtime/src/media/rtpengine/ng-client.ts';
import { NgClient } from '../../sbc-runtime/src/media/rtpengine/ng-client.ts';
import { udpNgSocket } from '../../sbc-runtime/src/media/rtpengine/ng-socket.ts';
import { RtpengineRelay } from '../../sbc-runtime/src/media/rtpengine/rtpengine-relay.ts';
import { RunningProcess } from '../kit/process.ts';

export const NG_PORT = 2223;

/** On 127.78.`block`.1 (Teams' side and control) and .2 (the PBX's side). */
export async function startRtpengine(block: number, ...args: string[]): Promise<RunningProcess> {
  const daemon = new RunningProcess('rtpengine', [
    '--config-file=none', '--table=-1', '--foreground', '--log-stderr', '--log-level=6', '--num-threads=1',
    `--interface=teams/127.78.${block}.1`, `--interface=pbx/127.78.${block}.2`, `--listen-ng=127.78.${block}.1:${NG_PORT}`,
    '--port-min=30000', '--port-max=30999', ...args,
  ]); // prettier-ignore
  try {
    await daemon.waitForLine(/Startup complete/);
  } catch (error) {
    await daemon.end();
    throw error;
  }
  return daemon;
}

export interface ConnectedRelay {
  readonly relay: RtpengineRelay;
  readonly client: NgClient;
  /** Warnings and errors. */
  readonly warnings: string[];
  offer(offer: MediaOffer): Promise<MediaResult>;
  answer(answer: MediaAnswer): Promise<MediaResult>;
  ask(command: BencodeDictionary): Promise<NgReply>;
  /** The sessions that RTPEngine has. */
  sessions(): Promise<readonly string[]>;
  becomes(isAvailable: boolean): Promise<void>;
  isSettled(): Promise<void>;
}

export function connectRelay(block: number, podName = 'sbc-0', limits: Partial<NgLimits> = {}): ConnectedRelay {
  const clock = systemClock({ onError: (error) => console.error(error) });
  const random = systemRandom();
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const log: Log = { ...silentLog, warn, error: warn };
  const open = udpNgSocket({ address: `127.78.${block}.1`, port: NG_PORT });
  const client = new NgClient({ open, clock, random, log, metrics: noMetrics, limits });
  const relay = new RtpengineRelay({ client, clock, random, log, podName, interfaces: ['teams', 'pbx'] });
  const ask = (command: BencodeDictionary) => new Promise<NgReply>((resolve) => client.request(command, resolve));
  relay.start();
  return {
    relay,
    client,
    warnings,
    ask,
    offer: (offer) => new Promise((resolve) => relay.offer(offer, resolve)),
    answer: (answer) => new Promise((resolve) => relay.answer(answer, resolve)),
    async sessions() {
      const reply = await ask({ command: 'list', limit: 500 });
      return reply.kind === 'answer' ? (reply.answer['calls'] as string[]) : [];
    },
    becomes: (isAvailable) => until(() => relay.available === isAvailable),
    isSettled: () => until(() => relay.size === 0 && client.size === 0),
  };
}

/** Looks each time the event loop has turned; the test's own timeout is the limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export const teamsSide: MediaProfile = { interface: 'teams', transport: 'RTP/SAVP', rtcpMux: 'offer', codecs: [] };
export const pbxSide: MediaProfile = { interface: 'pbx', transport: 'RTP/AVP', rtcpMux: 'demux', codecs: [] };

const lines = (...all: readonly string[]) => all.map((line) => `${line}\r\n`).join('');

/** A PBX's SDP: PCMA, PCMU, G729, comfort noise and telephone-event. */
export function pbxSdp(direction = 'sendrecv', version = 1): string {
  return lines(
    'v=0', `o=- 1 ${version} IN IP4 192.0.2.1`, 's=-', 'c=IN IP4 192.0.2.1', 't=0 0',
    'm=audio 4000 RTP/AVP 8 0 18 13 101', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-16', 'a=ptime:20', `a=${direction}`,
  ); // prettier-ignore
}

/** As Microsoft's media processors write it; the crypto lines are the caller's. */
export function teamsSdp(cryptos: readonly string[], direction = 'sendrecv', version = 0): string {
  return lines(
    'v=0', `o=- 9 ${version} IN IP4 127.0.0.1`, 's=session', 'c=IN IP4 52.112.1.1', 'b=CT:10000000', 't=0 0',
    'm=audio 50000 RTP/SAVP 8 101', 'c=IN IP4 52.112.1.1', 'a=rtcp:50000', 'a=rtcp-mux', 'a=label:main-audio', 'a=mid:1',
    ...cryptos.map((crypto) => `a=crypto:${crypto}`), `a=${direction}`, 'a=rtpmap:8 PCMA/8000', 'a=rtpmap:101 telephone-event/8000',
  ); // prettier-ignore
}

const KEY = 'V/LrhZQFmdbsBhLZyEFp7ywbxYTFRLJFRGoJjCXn';
export const crypto80 = `1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|2^31|1:1`;
/** The suite that we do not want, first and under tag 0, as Microsoft sends it. */
export const crypto32First = [
  `0 AES_CM_128_HMAC_SHA1_32 inline:${KEY}|2^31`,
  `3 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|2^31`,
];

/** The lines of an SDP that begin so. */
export function linesOf(result: MediaResult, prefix: string): string[] {
  if (result.kind !== 'sdp') throw new Error(`No SDP: ${JSON.stringify(result)}`);
  return result.sdp.split('\r\n').filter((line) => line.startsWith(prefix));
}
