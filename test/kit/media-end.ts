/** A phone's ear and mouth on loopback: sends RTP or SRTP from one port and keeps what it hears. */
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { rtpPacket, type SrtpReceiver, type SrtpSender } from './srtp.ts';

const PACKET_MS = 5;
const WITHIN_MS = 5000;

export class MediaEnd {
  readonly #socket: Socket;
  readonly #ssrc: number;
  #sequence: number;
  sender: SrtpSender | undefined;
  receiver: SrtpReceiver | undefined;
  /** Payloads that could be read. */
  readonly heard: string[] = [];
  /** Packets that could not. */
  garbled = 0;

  private constructor(socket: Socket, ssrc: number, sequence: number) {
    this.#socket = socket;
    this.#ssrc = ssrc;
    this.#sequence = sequence;
    socket.on('message', (packet) => this.#onPacket(packet));
  }

  /** Its first packet carries `sequence`. */
  static async open(at: { address: string; port: number }, ssrc: number, sequence = 100): Promise<MediaEnd> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(at.port, at.address, resolve);
    });
    return new MediaEnd(socket, ssrc, sequence);
  }

  /** Says `word` packet by packet until the other end has heard it `times` times. */
  async says(word: string, other: MediaEnd, to: { address: string; port: number }, times = 10): Promise<void> {
    const untilMs = Date.now() + WITHIN_MS;
    const hasHeard = () => other.heard.filter((each) => each === word).length >= times;
    while (!hasHeard()) {
      if (Date.now() > untilMs)
        throw new Error(`"${word}" was not heard: ${other.garbled} garbled, heard ${other.heard.length}`);
      const packet = rtpPacket(this.#ssrc, this.#sequence++, Buffer.from(word.padEnd(160)));
      this.#socket.send(this.sender?.seal(packet) ?? packet, to.port, to.address);
      await sleep(PACKET_MS);
    }
  }

  close(): void {
    this.#socket.close();
  }

  #onPacket(packet: Buffer): void {
    // RTCP shares the port (RFC 5761 §4).
    if (packet.length < 12 || ((packet[1] ?? 0) & 0x7f) >= 64) return;
    const plain = this.receiver ? this.receiver.open(packet) : packet;
    if (plain === undefined) this.garbled += 1;
    else this.heard.push(plain.subarray(12).toString('latin1').trim());
  }
}
