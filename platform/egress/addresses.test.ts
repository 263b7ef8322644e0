import { describe, expect, test } from 'vitest';
import { classifyAddress } from './addresses.ts';

describe('what an address is to us', () => {
  test.each(['8.8.8.8', '1.1.1.1', '93.184.216.34', '172.32.0.1', '2606:4700:4700::1111', '2a00:1450:4001:82a::200e', '::ffff:8.8.8.8', '11.0.0.1'])('%s is public', (address) => {
    expect(classifyAddress(address)).toBe('public');
  });

  test.each([
    '127.0.0.1', '127.255.255.254', '0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '169.254.1.1',
    '100.64.0.1', '100.127.255.255', '192.0.0.1', '192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255',
    '::', '::1', '[::1]', '::1%lo', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd12:3456::1', 'ff02::1', 'fec0::1', '2001:db8::1', '100::1',
    '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::127.0.0.1', '::7f00:1', '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '64:ff9b:1::7f00:1', '2002:7f00:1::', '2002:0a00:0001::1', '2001:0:4136:e378:8000:63bf:80ff:fffe', 'fe80::5efe:7f00:1',
    // A translator may bring these anywhere, even where what they hold is public.
    '64:ff9b::8.8.8.8', '2002:808:808::1', '2001:4860::5efe:808:808',
  ])('%s is internal', (address) => {
    expect(classifyAddress(address)).toBe('internal');
  });

  test.each([
    '169.254.169.254', '169.254.170.2', '169.254.170.23', '100.100.100.200', '192.0.0.192', '168.63.129.16', 'fd00:ec2::254', 'fd00:ec2:0:0:0:0:0:254', 'FD00:EC2::254', 'fd20:ce::254',
    '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '::a9fe:a9fe', '64:ff9b::a9fe:a9fe', '64:ff9b::169.254.169.254', '64:ff9b:1::a83f:8110', '2002:a9fe:a9fe::', '2001:0:a9fe:a9fe::', '2001:0:0:0:0:0:5601:5601',
    '::ffff:168.63.129.16', '2002:a83f:8110::1',
    // What nobody can read is never connected to.
    '', 'localhost', '127.1', '0x7f000001', '1.2.3', '1.2.3.4.5', '::g',
  ])('%s is never reached', (address) => {
    expect(classifyAddress(address)).toBe('metadata');
  });
});
