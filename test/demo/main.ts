/**
 * `make demo`: three manifests in, two real calls through a real RTPEngine out. Ends with 0 only if each phone heard the
 * other's tone in both calls. Everything that it makes stays in work/demo/ to be read; every process ends.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { freeBlock } from '../kit/free-address.ts';
import { PBX_NUMBER, TEAMS_NUMBER } from '../kit/ground.ts';
import { callOnce, raiseRealStage, type RealStage } from '../kit/real-calls.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DIRECTORY = join(ROOT, 'work', 'demo');
const MANIFESTS = relative(ROOT, join(DIRECTORY, 'manifests'));

const say = (text = ''): void => void process.stdout.write(`${text}\n`);

/** One call in each direction. True where all was heard. */
async function callBothWays(stage: RealStage): Promise<boolean> {
  let isAllHeard = true;
  for (const [from, title] of [
    ['teams', `${TEAMS_NUMBER} in Teams calls ${PBX_NUMBER} at the PBX`],
    ['pbx', `${PBX_NUMBER} at the PBX calls ${TEAMS_NUMBER} in Teams`],
  ] as const) {
    say(`--- ${title}`);
    const { atTeams, atPbx } = await callOnce(stage, from);
    say(await stage.sbc.ask('ladder'));
    say(`${atPbx.heard ? 'heard' : 'NOT HEARD'} at the PBX: ${atPbx.words}`);
    say(`${atTeams.heard ? 'heard' : 'NOT HEARD'} in Teams: ${atTeams.words}`);
    say();
    isAllHeard &&= atTeams.heard && atPbx.heard;
  }
  return isAllHeard;
}

async function demo(): Promise<number> {
  rmSync(DIRECTORY, { recursive: true, force: true });
  mkdirSync(DIRECTORY, { recursive: true });
  const block = await freeBlock();
  say(`Manifests in ${MANIFESTS}/: sbc.yaml, teams.yaml, pbx.yaml, and the certificates that they name`);
  say(
    `Starting: npx --no sbc local ${MANIFESTS}, two baresips (one with SRTP as Teams' end, one as the PBX), two simulated data centres`,
  );
  const stage = await raiseRealStage(DIRECTORY, block);
  const interrupted = () => void stage.stop().then(() => process.exit(130));
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    say('Ready');
    say();
    const isAllHeard = await callBothWays(stage);
    say(`--- npx --no sbc status ${MANIFESTS}`);
    say(await stage.sbc.ask('status'));
    say();
    say(isAllHeard ? 'Both calls carried sound in both directions' : 'Sound is missing: see NOT HEARD above');
    return isAllHeard ? 0 : 1;
  } finally {
    await stage.stop();
    block.release();
  }
}

try {
  process.exitCode = await demo();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
