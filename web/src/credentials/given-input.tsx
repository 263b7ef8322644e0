import { PasswordInput, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { MEMBERS, type Given, type Kind, type Member } from './credential-form.ts';

const KEPT = [{ value: 'here', label: 'Sealed here' }, { value: 'elsewhere', label: 'Kept elsewhere' }];

interface Props {
  kind: Kind;
  given: Given;
  onChange: (given: Given) => void;
}

/** Asks for what a credential is: its members, or where they are kept. */
export function GivenInput({ kind, given, onChange }: Props) {
  return (
    <>
      <SegmentedControl aria-label="Where it is kept" data={KEPT} value={given.kept} onChange={(kept) => onChange({ ...given, kept: kept === 'elsewhere' ? 'elsewhere' : 'here' })} />
      {given.kept === 'elsewhere'
        ? <TextInput label="Reference" description="aws-sm:NAME, env:NAME or file:NAME, within what is set apart for your tenant; #MEMBER behind it for one member of a JSON object. It is read once before it is taken." required maxLength={400} spellCheck={false} value={given.secretRef} onChange={(event) => onChange({ ...given, secretRef: event.currentTarget.value })} />
        : MEMBERS[kind].map((member) => <MemberInput key={`${kind} ${member.name}`} member={member} value={given.members[member.name] ?? ''} onChange={(value) => onChange({ ...given, members: { ...given.members, [member.name]: value } })} />)}
    </>
  );
}

/** A private key has several lines, which no password field can hold: it is shown while it is pasted. */
function MemberInput({ member: { label, secret, pem }, value, onChange }: { member: Member; value: string; onChange: (value: string) => void }) {
  if (pem === true) return <Textarea label={label} required autosize minRows={3} maxRows={8} spellCheck={false} autoComplete="off" className="mono" placeholder="-----BEGIN" value={value} onChange={(event) => onChange(event.currentTarget.value)} />;
  if (secret) return <PasswordInput label={label} required autoComplete="off" visibilityToggleButtonProps={{ 'aria-label': `Show: ${label}` }} value={value} onChange={(event) => onChange(event.currentTarget.value)} />;
  return <TextInput label={label} required spellCheck={false} autoComplete="off" value={value} onChange={(event) => onChange(event.currentTarget.value)} />;
}
