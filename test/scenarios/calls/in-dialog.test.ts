/** Requests within a call: Microsoft's on new connections from other addresses, ours to its Contact along its Record-Route. */
import assert from 'node:assert/strict';
import { scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { bothDirections, hangsUp, talking } from '../directions.ts';

const MICROSOFT =
  'sip:api-du-a-euwe.pstnhub.microsoft.com:443;x-i=b712d12c-77e8-4017-b50d-6d321507aa28;x-c=a35ae5ea/d/8/4b30e770';
const ROUTE = /^<sip:sip-du-a-euwe\.pstnhub\.microsoft\.com:5061;transport=tls;lr>$/;

for (const direction of bothDirections) {
  scenario(
    `${direction.from} has called: re-INVITE, OPTIONS, NOTIFY and BYE of Teams, each on a new connection from another address, find their dialog`,
    oneTrunkEach,
    async (stage) => {
      const { teams, pbx } = stage;
      await talking(stage, direction);
      let address = teams.lastAddress;
      const hasMoved = () => {
        assert.notEqual(teams.lastAddress, address);
        address = teams.lastAddress;
      };
      await teams.sends('INVITE', { direction: 'inactive' });
      hasMoved();
      await teams.gets(100);
      await pbx.gets('INVITE', { direction: 'inactive' });
      await pbx.sends(200, { direction: 'inactive' });
      await pbx.gets('ACK');
      await teams.gets(200);
      await teams.sends('ACK');
      hasMoved();
      await teams.sends('OPTIONS');
      hasMoved();
      await teams.gets(200, { headers: { contact: /sip:sbc-0\.example\.com:5061;transport=tls/ } });
      await teams.sends('NOTIFY', { headers: { event: 'refer', 'subscription-state': 'active' } });
      hasMoved();
      // Nobody has subscribed (RFC 6665 §4.1.3), and the call does not mind.
      await teams.gets(481);
      await teams.sends('BYE');
      hasMoved();
      await teams.gets(200);
      await pbx.gets('BYE');
      await pbx.sends(200);
      assert.equal(stage.records[0]?.end?.reason, 'normal-clearing');
    },
  );

  scenario(
    `${direction.from} has called: what we send Teams goes to its Contact as it stands there, along its Record-Route`,
    oneTrunkEach,
    async (stage) => {
      const { teams, pbx } = stage;
      const expected = { uri: MICROSOFT, headers: { route: ROUTE } };
      await talking(stage, direction);
      await pbx.sends('INVITE', { direction: 'sendonly' });
      await pbx.gets(100);
      await teams.gets('INVITE', expected);
      await teams.sends(200, { direction: 'inactive' });
      await teams.gets('ACK', expected);
      await pbx.gets(200);
      await pbx.sends('ACK');
      await pbx.sends('BYE');
      await pbx.gets(200);
      await teams.gets('BYE', expected);
      await teams.sends(200);
    },
  );

  scenario(
    `${direction.from} has called: the 200s of both legs get their ACK, and either side can hang up`,
    oneTrunkEach,
    async (stage) => {
      for (const byCaller of [true, false]) {
        const { caller, callee } = await talking(stage, direction);
        await stage.time.passes(seconds(60));
        await (byCaller ? hangsUp(caller, callee) : hangsUp(callee, caller));
      }
      assert.deepEqual(
        stage.records.map(({ end }) => `${end?.reason ?? ''} by ${end?.by ?? ''}`),
        ['normal-clearing by caller', 'normal-clearing by callee'],
      );
    },
  );
}
